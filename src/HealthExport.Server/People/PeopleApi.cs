using HealthExport.People;
using HealthExport.Server.OpenApi;
using static HealthExport.Server.OpenApi.Field;

namespace HealthExport.Server.People;

/// <summary>What the API's description says of people.</summary>
static class PeopleApi
{
    static readonly Component s_person = Component.Answer(
        "Person", "A person, as they see themselves.",
        Uuid("id", "The person's."),
        Formatted("email", "How the operator calls them.", "email").Like("owner@localhost"),
        Text("display_name", "Null if none is set.").OrNull().Like("Anna"),
        Text("time_zone", "The IANA zone of times that bear no offset; null if none is set: such items are rejected.")
            .OrNull().Like("Europe/Berlin"),
        Text("source_ranks", "Sources, the one to believe first first; those not named come after.").AsList(),
        Moment("created_at", "When they were added, in UTC."));

    static readonly Component s_change = Component.Request(
        "PersonChange", "What to change; the rest stays. Null takes a name, a zone or all ranks away.",
        Formatted("email", "Nobody else's in any case of letters.", "email").Long(3, EmailAddress.MaxLength)
            .Like("anna@example.org"),
        Text("display_name", "Printable characters.").Long(1, User.MaxDisplayNameLength).OrNull().Like("Anna"),
        Text("time_zone", "An IANA zone; holds for what is pushed from then on.").OrNull().Like("Europe/Berlin"),
        Text("source_ranks", "Up to 100 of your sources, in the spelling of the list of metrics. Totals of days past "
            + "change with it.").AsList().OrNull());

    static readonly Component s_erasure = Component.Answer(
        "Erasure", "How far an erasure is.",
        OneOf("status", "Done, or still going on by itself.", ["erased", "erasing"]));

    const string Example = """
        { "id": "01a1f774-691f-7bce-a8b3-cfbe083ca37f", "email": "owner@localhost", "display_name": "Anna",
          "time_zone": "Europe/Berlin", "source_ranks": ["Phone|Watch", "Phone"],
          "created_at": "2026-01-15T06:30:00.123456+00:00" }
        """;

    public static readonly Feature Feature = new(
        "People", "Whose key it is. People are added by the operator, on the command line.",
        [s_person, s_change, s_erasure],
        [
            new("GET", "/v1/users/me", "getMe", "Who you are, and what you have set", "Whose key this is.")
            {
                Answers = [new(200, "You.", [Content.Json(s_person, Example)])],
            },
            new("PATCH", "/v1/users/me", "updateMe", "Changes it",
                "All that is sent or nothing. Of two changes at once both take effect; of one field, the later.")
            {
                Body =
                [
                    Content.Json(s_change, """
                        { "display_name": "Anna", "time_zone": "Europe/Berlin",
                          "source_ranks": ["Phone|Watch", "Phone"] }
                        """),
                ],
                Answers = [new(200, "You, as you are now.", [Content.Json(s_person, Example)])],
            },
            new("DELETE", "/v1/users/me", "eraseMe", "Erases you, with everything there is of you",
                "Samples, sleep, workouts, events, payloads, receipts, sources, settings, keys, the audit trail. Your "
                + "keys end at once; there is no way back. One line of the operator's trail is left.")
            {
                Parameters = [Formatted("confirm", "Your e-mail.", "email").Needed().Like("owner@localhost")],
                Refusals = [Refusal.BadParameter],
                Answers =
                [
                    new(200, "Everything is gone.", [Content.Json(s_erasure, """{ "status": "erased" }""")]),
                    new(202, "It goes on by itself, whatever happens to the server.",
                        [Content.Json(s_erasure, """{ "status": "erasing" }""")]),
                ],
            },
        ]);
}

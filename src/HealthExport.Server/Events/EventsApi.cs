using HealthExport.Server.OpenApi;
using static HealthExport.Server.OpenApi.Field;

namespace HealthExport.Server.Events;

/// <summary>What the API's description says of events.</summary>
static class EventsApi
{
    static readonly Field[] s_fields =
    [
        Text("id", "Names the event in a path; the same for as long as it is there."),
        Text(
            "kind",
            "`state_of_mind`, `medication`, `symptom`, `cycle`, `ecg`, `heart_rate_notification`, or `unknown:` and the "
            + "name of a section that nobody knew.").Like("symptom"),
        Moment("start_at", "When it starts, in its own offset; null if it has no start.").OrNull(),
        Moment("end_at", "When it ends; null if it has no end.").OrNull(),
        Text("code", "What the text means; null for a text without a code.").OrNull().Like("headache"),
        Text("text", "The text as sent, in whatever language.").OrNull().Like("Kopfschmerz"),
        Number(
            "value",
            "The number people look at: valence (-1 to 1), dose (in the unit of the payload), average heart rate or "
            + "threshold (/min).").OrNull(),
        Text(
            "value_code",
            "What `value_text` means: how severe a symptom is, what an entry of the cycle says; null for a text without "
            + "a code.").OrNull().Like("moderate"),
        Text("value_text", "The severity of a symptom or the value of an entry of the cycle, as sent.").OrNull()
            .Like("Mäßig"),
        Text("source", "Who recorded it, as sent.").OrNull().Like("Watch"),
        Any("payload", "The element as sent; an ECG's without its voltages."),
    ];

    static readonly Component s_event = Component.Answer(
        "Event", "What is neither a metric nor sleep nor a workout.", s_fields);

    static readonly Component s_whole = Component.Answer(
        "EventWithVoltages", "An event, with the voltages of an ECG.",
        [
            .. s_fields,
            Group(
                "voltages", "Of an ECG; null for other kinds.",
                Number("frequency_hz", "Samples a second, in Hz.").OrNull(),
                Moment("start_at", "When the first was taken."),
                Number("microvolts", "The voltages in µV, evenly spaced.").OrNull().AsList()).OrNull(),
        ]);

    static readonly Component s_events = Component.PageOf(s_event);

    public static readonly Feature Feature = new(
        "Events", "State of mind, symptoms, medications, cycle, notifications, ECGs.",
        [s_event, s_whole, s_events],
        [
            new("GET", "/v1/events", "listEvents", "The events",
                "Newest first. Those without a start come last, and only where neither `from` nor `to` is given.")
            {
                Parameters = [Text("kind", "Only events of this kind.").Like("symptom")],
                Answers =
                [
                    new(200, "The events.", [Content.Json(s_events, """
                        { "items": [ { "id": "ZXZlbnQ", "kind": "symptom", "start_at": "2026-01-16T08:00:00+00:00",
                          "end_at": null, "code": "headache", "text": "Kopfschmerz", "value": null,
                          "value_code": "moderate", "value_text": "Mäßig", "source": null, "payload": {} } ],
                          "next_cursor": null }
                        """)]),
                ],
            },
            new("GET", "/v1/events/{id}", "getEvent", "One event", "With its voltages, if it is an ECG.")
            {
                Parameters = [Text("id", "As the list has it.").Like("ZXZlbnQ")],
                Answers =
                [
                    new(200, "The event.", [Content.Json(s_whole, """
                        { "id": "ZXZlbnQ", "kind": "ecg", "start_at": "2026-01-16T08:00:00+00:00",
                          "end_at": "2026-01-16T08:00:30+00:00", "code": "sinus_rhythm", "text": "Sinusrhythmus",
                          "value": 62, "value_code": null, "value_text": null, "source": "Watch", "payload": {},
                          "voltages": { "frequency_hz": 512, "start_at": "2026-01-16T08:00:00+00:00",
                            "microvolts": [12.5, 13, null] } }
                        """)]),
                ],
            },
        ]);
}

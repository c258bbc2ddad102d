using System.Text.Json.Nodes;
using HealthExport.Audit;
using HealthExport.People;
using HealthExport.Samples;
using HealthExport.Server.Audit;
using HealthExport.Server.Http;
using HealthExport.Server.Security;
using HealthExport.Time;

namespace HealthExport.Server.People;

/// <summary>
/// PATCH /v1/users/me: changes the fields that are sent and no other, all or none; null takes away what may be absent.
/// A repeat changes nothing.
/// </summary>
static class UpdateMe
{
    const string Email = "email";
    const string DisplayName = "display_name";
    const string TimeZone = "time_zone";
    const string SourceRanks = "source_ranks";

    public static async Task<IResult> HandleAsync(
        HttpContext context, Caller caller, IUserStore users, AuditTrail trail, CancellationToken cancellationToken)
    {
        using var body = await BodyReader.ReadAsync(context);
        var change = Read(body);
        if (body.Problem is { } problem) return problem;

        var update = await users.UpdateAsync(
            caller.UserId, change, trail.Describe(context, AuditAction.UserChanged, metadata: Name(change)),
            cancellationToken);
        if (update.Profile is { } profile)
            return TypedResults.Json(PersonAnswer.Of(profile), ServerJson.Default.PersonAnswer);
        if (update.IsEmailTaken) body.Refuse(Email, "is taken by somebody else.");
        foreach (var source in update.UnknownSources)
            body.Refuse(
                $"{SourceRanks}[{Array.IndexOf(change.SourceRanks.Value, source)}]",
                "is none of your sources; GET /v1/metrics lists them.");
        return body.Problem ?? throw new UserGoneException();
    }

    /// <summary>Which fields were sent, not what they say.</summary>
    static JsonObject Name(UserChange change)
    {
        JsonArray fields = [];
        if (change.Email.IsGiven) fields.Add(Email);
        if (change.DisplayName.IsGiven) fields.Add(DisplayName);
        if (change.TimeZone.IsGiven) fields.Add(TimeZone);
        if (change.SourceRanks.IsGiven) fields.Add(SourceRanks);
        return new() { ["fields"] = fields };
    }

    static UserChange Read(BodyReader body)
    {
        var change = new UserChange();
        if (body.Has(Email))
        {
            var email = body.Text(Email)?.Trim();
            if (!EmailAddress.IsOne(email))
                body.Refuse(Email, $"must look like name@host, up to {EmailAddress.MaxLength} characters.");
            change = change with { Email = email! };
        }
        if (body.Has(DisplayName))
        {
            var name = body.Text(DisplayName)?.Trim();
            if (name is not null && !User.IsDisplayName(name))
                body.Refuse(
                    DisplayName, $"must have 1 to {User.MaxDisplayNameLength} characters, all of them printable, and be no key.");
            change = change with { DisplayName = name };
        }
        if (body.Has(TimeZone))
        {
            var zone = body.Text(TimeZone);
            if (zone is not null && !IanaZone.TryFind(zone, out _))
                body.Refuse(TimeZone, "must be an IANA time zone, such as Europe/Berlin.");
            change = change with { TimeZone = zone };
        }
        if (body.Has(SourceRanks))
            change = change with { SourceRanks = ReadRanks(body, body.Texts(SourceRanks) ?? []) };
        return change;
    }

    static string[] ReadRanks(BodyReader body, IReadOnlyList<string> ranks)
    {
        if (ranks.Count > UserChange.MaxSourceRanks)
        {
            body.Refuse(SourceRanks, $"must name at most {UserChange.MaxSourceRanks} sources.");
            return [];
        }
        var sources = new string[ranks.Count];
        for (var i = 0; i < ranks.Count; i++)
        {
            if (SourceName.Normalise(ranks[i]) is not { } source) body.Refuse($"{SourceRanks}[{i}]", "is empty.");
            else if (sources.Contains(source)) body.Refuse($"{SourceRanks}[{i}]", "is named twice.");
            else sources[i] = source;
        }
        return sources;
    }
}

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

    static readonly string[] s_fields = [Email, DisplayName, TimeZone, SourceRanks];

    public static async Task<IResult> HandleAsync(
        HttpContext context, Caller caller, IUserStore users, AuditTrail trail, CancellationToken cancellationToken)
    {
        var (fields, unreadable) = await BodyFields.ReadAsync(context.Request, s_fields, cancellationToken);
        if (fields is null) return unreadable!;
        var change = Read(fields);
        if (fields.Problem is { } problem) return problem;

        var update = await users.UpdateAsync(
            caller.UserId, change, trail.Describe(context, AuditAction.UserChanged, metadata: Name(change)),
            cancellationToken);
        if (update.Profile is { } profile)
            return TypedResults.Json(PersonAnswer.Of(profile), ServerJson.Default.PersonAnswer);
        if (update.IsEmailTaken) fields.Refuse(Email, "is taken by somebody else.");
        foreach (var source in update.UnknownSources)
            fields.Refuse(
                $"{SourceRanks}[{Array.IndexOf(change.SourceRanks.Value, source)}]",
                "is none of your sources; GET /v1/metrics lists them.");
        return fields.Problem ?? throw new UserGoneException();
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

    static UserChange Read(BodyFields fields)
    {
        var change = new UserChange();
        if (fields.Has(Email))
        {
            var email = fields.Text(Email)?.Trim();
            if (!EmailAddress.IsOne(email))
                fields.Refuse(Email, $"must look like name@host, up to {EmailAddress.MaxLength} characters.");
            change = change with { Email = email! };
        }
        if (fields.Has(DisplayName))
        {
            var name = fields.Text(DisplayName)?.Trim();
            if (name is not null && !User.IsDisplayName(name))
                fields.Refuse(
                    DisplayName, $"must have 1 to {User.MaxDisplayNameLength} characters, all of them printable.");
            change = change with { DisplayName = name };
        }
        if (fields.Has(TimeZone))
        {
            var zone = fields.Text(TimeZone);
            if (zone is not null && !IanaZone.TryFind(zone, out _))
                fields.Refuse(TimeZone, "must be an IANA time zone, such as Europe/Berlin.");
            change = change with { TimeZone = zone };
        }
        if (fields.Has(SourceRanks) && fields.Texts(SourceRanks) is { } ranks)
            change = change with { SourceRanks = ReadRanks(fields, ranks) };
        return change;
    }

    static string[] ReadRanks(BodyFields fields, string[] ranks)
    {
        if (ranks.Length > UserChange.MaxSourceRanks)
        {
            fields.Refuse(SourceRanks, $"must name at most {UserChange.MaxSourceRanks} sources.");
            return [];
        }
        var sources = new string[ranks.Length];
        for (var i = 0; i < ranks.Length; i++)
        {
            if (SourceName.Normalise(ranks[i]) is not { } source) fields.Refuse($"{SourceRanks}[{i}]", "is empty.");
            else if (sources.Contains(source)) fields.Refuse($"{SourceRanks}[{i}]", "is named twice.");
            else sources[i] = source;
        }
        return sources;
    }
}

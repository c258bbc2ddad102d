using System.CommandLine;
using HealthExport.Time;

namespace HealthExport.Server.CommandLine;

/// <summary>--time-zone: an IANA zone, or nothing.</summary>
static class ZoneOption
{
    public static Option<string?> Make(string description)
    {
        var zone = new Option<string?>("--time-zone") { Description = description, HelpName = "ZONE" };
        zone.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is { } id && !IanaZone.TryFind(id, out _))
                result.AddError($"--time-zone '{id}' is no IANA time zone, such as Europe/Berlin or America/New_York.");
        });
        return zone;
    }
}

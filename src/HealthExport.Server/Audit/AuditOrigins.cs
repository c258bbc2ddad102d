using HealthExport.Audit;
using HealthExport.Server.Security;

namespace HealthExport.Server.Audit;

/// <summary>Where what the audit trail tells of came from.</summary>
static class AuditOrigins
{
    /// <summary>The caller's key, its address, what it calls itself, and the request.</summary>
    public static AuditOrigin Of(HttpContext context)
    {
        var address = context.Connection.RemoteIpAddress;
        if (address is { IsIPv4MappedToIPv6: true }) address = address.MapToIPv4();
        return new(
            context.Features.Get<Caller>()?.KeyId, address?.ToString(), context.Request.Headers.UserAgent.ToString()
                is { Length: > 0 } agent ? agent : null,
            context.TraceIdentifier);
    }

    /// <summary>The operator at the command line: there is no key and no address, but a user of the machine.</summary>
    public static AuditOrigin OfOperator() => new(
        null, null,
        $"command line, user {Environment.UserName} of the machine"
        + (Environment.GetEnvironmentVariable("SUDO_USER") is { Length: > 0 } caller ? $", sudo by {caller}" : ""),
        null);
}

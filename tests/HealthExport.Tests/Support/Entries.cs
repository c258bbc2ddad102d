using HealthExport.Audit;

namespace HealthExport.Tests.Support;

/// <summary>Entries of the audit trail for changes whose trail is not what a test is about.</summary>
static class Entries
{
    public static readonly DateTimeOffset Noon = new(2026, 1, 15, 12, 0, 0, TimeSpan.Zero);

    public static AuditEntry Of(AuditAction action) => AuditEntry.Create(action, AuditOrigin.Nobody, Noon);

    public static AuditEntry Now(AuditAction action) =>
        AuditEntry.Create(action, AuditOrigin.Nobody, TimeProvider.System.GetUtcNow());

    public static AuditEntry KeyCreated => Of(AuditAction.KeyCreated);
    public static AuditEntry KeyRotated => Of(AuditAction.KeyRotated);
    public static AuditEntry KeyLimited => Of(AuditAction.KeyLimited);
    public static AuditEntry KeyRevoked => Of(AuditAction.KeyRevoked);
    public static AuditEntry UserCreated => Of(AuditAction.UserCreated);
    public static AuditEntry UserChanged => Of(AuditAction.UserChanged);
    public static AuditEntry UserErased => Of(AuditAction.UserErased);
}

namespace HealthExport.Server.Settings;

/// <summary>How the audit trail is kept.</summary>
static partial class SettingList
{
    public static readonly Setting AuditRetentionDays = new(
        "HEALTHEXPORT__AUDIT__RETENTIONDAYS", "365",
        "How long entries of the audit trail are kept, in days; 0 for ever.") { Range = (0, 36_500) };

    public static readonly Setting AuditMaxWaiting = new(
        "HEALTHEXPORT__AUDIT__MAXWAITING", "20000",
        "Entries of the audit trail that may wait while the store is away; what comes after them is lost.")
        { Range = (100, 1_000_000) };

    static Setting[] Audit => [AuditRetentionDays, AuditMaxWaiting];
}

namespace HealthExport.Server.Settings;

/// <summary>How the audit trail is kept.</summary>
sealed record AuditSettings
{
    /// <summary>Null for ever.</summary>
    public TimeSpan? Retention { get; init; } = TimeSpan.FromDays(365);

    /// <summary>Entries that may wait to be written.</summary>
    public int MaxWaiting { get; init; } = 20_000;

    /// <exception cref="InvalidSettingException">A value is not among those allowed.</exception>
    public static AuditSettings From(IConfiguration configuration) => new()
    {
        Retention = ServerSettings.Number(configuration, SettingList.AuditRetentionDays) is var days and > 0
            ? TimeSpan.FromDays(days)
            : null,
        MaxWaiting = (int)ServerSettings.Number(configuration, SettingList.AuditMaxWaiting),
    };
}

namespace HealthExport.Server.Settings;

/// <summary>The server's certificate, if it has one. The files are read when the server starts.</summary>
sealed record TlsSettings
{
    /// <summary>Null for a server without TLS.</summary>
    public string? CertificatePath { get; init; }

    /// <summary>Null when the key is in the certificate's file.</summary>
    public string? KeyPath { get; init; }

    /// <summary>Of the key, or of the file with both; null for none.</summary>
    public string? Password { get; init; }

    /// <summary>For how long a browser is to come over TLS only; zero to tell it nothing.</summary>
    public TimeSpan Hsts { get; init; } = TimeSpan.FromDays(365);

    /// <exception cref="InvalidSettingException">A value is not among those allowed.</exception>
    public static TlsSettings From(IConfiguration configuration)
    {
        var tls = new TlsSettings
        {
            CertificatePath = Path(SettingList.TlsCertificate),
            KeyPath = Path(SettingList.TlsKey),
            Password = Path(SettingList.TlsPassword),
            Hsts = ServerSettings.Seconds(configuration, SettingList.HstsSeconds),
        };
        return tls.CertificatePath is not null || tls.KeyPath is null
            ? tls
            : throw new InvalidSettingException(
                SettingList.TlsCertificate.Name, $"must be set where {SettingList.TlsKey.Name} is.");

        string? Path(Setting setting) =>
            ServerSettings.Text(configuration, setting) is { Length: > 0 } text ? text : null;
    }
}

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

    /// <param name="urls">Where the server listens: where one is of TLS there must be a certificate, and where there is
    /// a certificate one must be of TLS.</param>
    /// <exception cref="InvalidSettingException">A value is not among those allowed.</exception>
    public static TlsSettings From(IConfiguration configuration, IReadOnlyCollection<string> urls)
    {
        var tls = new TlsSettings
        {
            CertificatePath = Find(SettingList.TlsCertificate),
            KeyPath = Find(SettingList.TlsKey),
            Password = Find(SettingList.TlsPassword),
            Hsts = ServerSettings.Seconds(configuration, SettingList.HstsSeconds),
        };
        var isUsed = urls.Any(url => url.StartsWith("https:", StringComparison.OrdinalIgnoreCase));
        if (tls.CertificatePath is not null)
            return isUsed ? tls : throw new InvalidSettingException(
                SettingList.Urls.Name,
                $"must have an address with https:// where {SettingList.TlsCertificate.Name} is set.");
        if (isUsed)
            throw new InvalidSettingException(
                SettingList.TlsCertificate.Name, $"must be set for an address with https:// in {SettingList.Urls.Name}.");
        return tls.KeyPath is null ? tls : throw new InvalidSettingException(
            SettingList.TlsCertificate.Name, $"must be set where {SettingList.TlsKey.Name} is.");

        string? Find(Setting setting) =>
            ServerSettings.Text(configuration, setting) is { Length: > 0 } text ? text : null;
    }
}

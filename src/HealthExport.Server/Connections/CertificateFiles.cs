using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using HealthExport.Server.Settings;

namespace HealthExport.Server.Connections;

/// <summary>The bytes of a certificate's file or files, read at one time.</summary>
sealed class CertificateFiles
{
    readonly TlsSettings _settings;
    readonly byte[] _certificate;
    readonly byte[]? _key;

    CertificateFiles(TlsSettings settings, byte[] certificate, byte[]? key) =>
        (_settings, _certificate, _key) = (settings, certificate, key);

    bool IsPem => _certificate.AsSpan().IndexOf("-----BEGIN "u8) >= 0;

    /// <exception cref="InvalidSettingException">A file cannot be read.</exception>
    public static CertificateFiles Read(TlsSettings settings) => new(
        settings,
        Read(settings.CertificatePath!, SettingList.TlsCertificate),
        settings.KeyPath is { } key ? Read(key, SettingList.TlsKey) : null);

    public byte[] Hash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(_certificate);
        hash.AppendData(_key ?? []);
        return hash.GetHashAndReset();
    }

    /// <summary>The certificate with its key, and the others of the file that lead to its root.</summary>
    /// <exception cref="InvalidSettingException">They are not what they should be, or do not belong together.
    /// </exception>
    public SslStreamCertificateContext Load()
    {
        try
        {
            var (own, others) = IsPem ? LoadPem() : LoadPfx();
            // Offline: what is not in the file is not fetched from an address that the file names.
            return SslStreamCertificateContext.Create(own, others, offline: true);
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            throw Unusable(SettingList.TlsCertificate, _settings.CertificatePath!, error.Message);
        }
    }

    (X509Certificate2, X509Certificate2Collection) LoadPem()
    {
        var certificates = Encoding.UTF8.GetString(_certificate);
        var key = _key is null ? certificates : Encoding.UTF8.GetString(_key);
        if (!key.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
            throw _key is null
                ? new InvalidSettingException(
                    SettingList.TlsKey.Name, "must be set: the certificate's file holds no private key.")
                : Unusable(SettingList.TlsKey, _settings.KeyPath!, "it holds no private key in PEM.");
        var isLocked = key.Contains("-----BEGIN ENCRYPTED PRIVATE KEY-----", StringComparison.Ordinal);
        if (isLocked && _settings.Password is null)
            throw new InvalidSettingException(SettingList.TlsPassword.Name, "must be set: the private key has one.");

        var all = new X509Certificate2Collection();
        all.ImportFromPem(certificates);
        var own = isLocked
            ? X509Certificate2.CreateFromEncryptedPem(certificates, key, _settings.Password)
            : X509Certificate2.CreateFromPem(certificates, key);
        // The first is the server's own.
        all.RemoveAt(0);
        return (OnWindowsKept(own), all);
    }

    (X509Certificate2, X509Certificate2Collection) LoadPfx()
    {
        if (_key is not null)
            throw new InvalidSettingException(
                SettingList.TlsKey.Name, "must be empty where the certificate's file is a PFX, which holds the key.");
        var all = X509CertificateLoader.LoadPkcs12Collection(_certificate, _settings.Password);
        var own = all.FirstOrDefault(certificate => certificate.HasPrivateKey)
            ?? throw Unusable(SettingList.TlsCertificate, _settings.CertificatePath!, "it holds no private key.");
        all.Remove(own);
        return (own, all);
    }

    // Its TLS takes no key that is in memory alone.
    static X509Certificate2 OnWindowsKept(X509Certificate2 certificate)
    {
        if (!OperatingSystem.IsWindows()) return certificate;
        using (certificate)
            return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
    }

    static byte[] Read(string path, Setting setting)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Unusable(setting, path, error.Message);
        }
    }

    static InvalidSettingException Unusable(Setting setting, string path, string reason) =>
        new(setting.Name, $"must name a file that can be used; {path} cannot: {reason}");
}

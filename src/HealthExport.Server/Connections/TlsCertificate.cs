using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using HealthExport.Server.Settings;

namespace HealthExport.Server.Connections;

/// <summary>
/// The certificate that the server shows, as its files have it now: whoever renews it writes the files, and the next
/// handshakes use them. Files that cannot be used (half written, the key of another) leave the one before in force.
/// </summary>
sealed partial class TlsCertificate
{
    static readonly TimeSpan s_lookAfter = TimeSpan.FromSeconds(10);

    readonly TlsSettings _settings;
    readonly TimeProvider _clock;
    readonly ILogger _log;
    readonly Lock _lock = new();

    // Under _lock.
    long _lookedAt;
    byte[] _hash;

    SslStreamCertificateContext _inForce;

    /// <exception cref="InvalidSettingException">The files cannot be used; the text says which and why.</exception>
    public TlsCertificate(TlsSettings settings, TimeProvider clock, ILogger<TlsCertificate> log)
    {
        (_settings, _clock, _log) = (settings, clock, log);
        var files = CertificateFiles.Read(settings);
        (_inForce, _hash) = (files.Load(), files.Hash());
        _lookedAt = clock.GetTimestamp();
        TellInForce();
    }

    /// <summary>What a handshake that begins now is made with.</summary>
    public SslServerAuthenticationOptions Options()
    {
        LookAgain();
        return new()
        {
            ServerCertificateContext = Volatile.Read(ref _inForce),
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            AllowRenegotiation = false,
        };
    }

    void LookAgain()
    {
        if (!_lock.TryEnter()) return;
        try
        {
            if (_clock.GetElapsedTime(_lookedAt) < s_lookAfter) return;
            _lookedAt = _clock.GetTimestamp();
            var files = CertificateFiles.Read(_settings);
            var hash = files.Hash();
            if (CryptographicOperations.FixedTimeEquals(hash, _hash)) return;
            // Told once for each content, not at every look.
            _hash = hash;
            // The one before may still be in use by handshakes that have begun: it is left to the collector.
            Volatile.Write(ref _inForce, files.Load());
            TellInForce();
        }
        catch (InvalidSettingException unusable)
        {
            NotReplaced(unusable.Message);
        }
        finally
        {
            _lock.Exit();
        }
    }

    void TellInForce() => InForce(_inForce.TargetCertificate.NotAfter);

    [LoggerMessage(1501, LogLevel.Information, "A TLS certificate is in force; it ends {Ends:yyyy-MM-dd}")]
    partial void InForce(DateTimeOffset ends);

    [LoggerMessage(1502, LogLevel.Warning, "The TLS certificate stays the one before: {Reason}")]
    partial void NotReplaced(string reason);
}

using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace HealthExport.Tests.Support;

/// <summary>A root of the tests' own, one between, and as many servers' certificates as are asked for.</summary>
sealed class TestCertificates : IDisposable
{
    static readonly DateTimeOffset s_now = TimeProvider.System.GetUtcNow();

    readonly X509Certificate2 _root = SignItself("CN=Tests' root");

    public TestCertificates() => Between = Sign("CN=Tests' authority", _root, isAuthority: true);

    public X509Certificate2 Root => _root;

    /// <summary>Signed by the root, signs the servers'; a server has to send it along.</summary>
    public X509Certificate2 Between { get; }

    /// <summary>A certificate for 127.0.0.1 and localhost, with its key.</summary>
    public X509Certificate2 Make() => Sign("CN=localhost", Between, isAuthority: false);

    /// <summary>The certificate and the one between, as ACME clients write them.</summary>
    public string ChainOf(X509Certificate2 certificate) =>
        $"{certificate.ExportCertificatePem()}\n{Between.ExportCertificatePem()}\n";

    public static string KeyOf(X509Certificate2 certificate) =>
        certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem() + "\n";

    public static string KeyOf(X509Certificate2 certificate, string password) =>
        certificate.GetECDsaPrivateKey()!.ExportEncryptedPkcs8PrivateKeyPem(
            password, new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 10)) + "\n";

    public byte[] PfxOf(X509Certificate2 certificate, string? password) =>
        new X509Certificate2Collection { certificate, X509CertificateLoader.LoadCertificate(Between.RawData) }.Export(X509ContentType.Pkcs12, password)!;

    public void Dispose()
    {
        _root.Dispose();
        Between.Dispose();
    }

    static X509Certificate2 SignItself(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Request(name, key, isAuthority: true).CreateSelfSigned(s_now.AddDays(-1), s_now.AddDays(30));
    }

    static X509Certificate2 Sign(string name, X509Certificate2 signer, bool isAuthority)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var bare = Request(name, key, isAuthority).Create(
            signer, s_now.AddDays(-1), s_now.AddDays(20), Guid.NewGuid().ToByteArray());
        return bare.CopyWithPrivateKey(key);
    }

    static CertificateRequest Request(string name, ECDsa key, bool isAuthority)
    {
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        if (isAuthority) return request;
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        return request;
    }
}

using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using HealthExport.Server.Settings;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Server;

public sealed class TlsTests : IDisposable
{
    const string Password = "canary4711";

    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("health-export-tls-");
    readonly TestCertificates _certificates = new();
    readonly X509Certificate2 _own;

    public TlsTests() => _own = _certificates.Make();

    public void Dispose()
    {
        _own.Dispose();
        _certificates.Dispose();
        _folder.Delete(recursive: true);
    }

    public enum Form
    {
        TwoFiles,
        OneFile,
        LockedKey,
        Pfx,
        LockedPfx,
    }

    [Theory]
    [InlineData(Form.TwoFiles)]
    [InlineData(Form.OneFile)]
    [InlineData(Form.LockedKey)]
    [InlineData(Form.Pfx)]
    [InlineData(Form.LockedPfx)]
    public async Task A_certificate_in_any_form_is_shown_with_what_leads_to_its_root(Form form)
    {
        await using var server = await StartAsync(Write(form));
        Assert.Equal("https", server.Url.Scheme);
        var shown = new List<string>();
        using var client = Connect(server, shown);
        using var response = await client.GetAsync("/health");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        // Its own, and the one between: a client knows the root alone.
        Assert.Equal([_own.Thumbprint, _certificates.Between.Thumbprint], shown.Distinct());
    }

    [Fact]
    public async Task HTTP_2_and_HTTP_1_are_spoken_over_it()
    {
        await using var server = await StartAsync(Write(Form.TwoFiles));
        var key = await server.AddKeyAsync();
        foreach (var version in (Version[])[HttpVersion.Version20, HttpVersion.Version11])
        {
            using var client = Connect(server, []);
            client.DefaultRequestVersion = version;
            client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
            client.DefaultRequestHeaders.Add("X-API-Key", key.Text);
            using var push = await client.PostAsync(
                "/v1/ingest", new StringContent("{}", System.Text.Encoding.UTF8, "application/json"));
            Assert.Equal(HttpStatusCode.OK, push.StatusCode);
            Assert.Equal(version, push.Version);
            Assert.Matches("^[a-f0-9]{32}$", push.Headers.GetValues("X-Request-Id").Single());
            using var unknown = await client.GetAsync("/nothing");
            await unknown.ReadProblemAsync(404, "not_found");
            using var head = await client.SendAsync(
                new(HttpMethod.Head, "/health") { Version = version, VersionPolicy = client.DefaultVersionPolicy });
            Assert.Equal(HttpStatusCode.OK, head.StatusCode);
            Assert.Equal("", await head.Content.ReadAsStringAsync());
        }
    }

    [Fact]
    public async Task A_browser_that_came_over_TLS_is_told_to_come_over_nothing_else()
    {
        await using var server = await StartAsync(Write(Form.TwoFiles));
        using var client = Connect(server, []);
        foreach (var path in (string[])["/health", "/v1/metrics", "/nothing"])
        {
            using var response = await client.GetAsync(path);
            Assert.Equal("max-age=31536000", response.Headers.GetValues("Strict-Transport-Security").Single());
        }
        using var raw = await RawConnection.OpenAsync(server.Url);
        await using var tls = await SpeakTlsAsync(raw);
        await tls.WriteAsync("GARBAGE\r\n\r\n"u8.ToArray());
        var answer = RawAnswer.Parse(await new StreamReader(tls).ReadToEndAsync());
        answer.ReadProblem(400, "malformed_request");
        Assert.Equal("max-age=31536000", answer.Headers["Strict-Transport-Security"]);
    }

    [Fact]
    public async Task Unless_that_is_turned_off()
    {
        await using var server = await StartAsync(Write(Form.TwoFiles) with { Hsts = TimeSpan.Zero });
        using var client = Connect(server, []);
        using var response = await client.GetAsync("/health");
        Assert.False(response.Headers.Contains("Strict-Transport-Security"));
    }

    [Fact]
    public async Task Behind_a_trusted_proxy_with_TLS_it_is_told_too()
    {
        await using var server = await RunningServer.StartAsync(settings => settings with
        {
            Http = settings.Http with { TrustedProxies = [IPNetwork.Parse("127.0.0.1/32")] },
        });
        using var response = await server.SendAsync(
            HttpMethod.Get, "/health", null, null, ("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-Proto", "https"));
        Assert.Equal("max-age=31536000", response.Headers.GetValues("Strict-Transport-Security").Single());
    }

    [Fact]
    public async Task A_renewed_certificate_is_in_force_without_a_restart()
    {
        var clock = new FakeClock();
        var files = Write(Form.TwoFiles);
        await using var server = await StartAsync(files, clock);
        Assert.Equal(_own.Thumbprint, await ShownAsync(server));
        using var renewed = _certificates.Make();
        File.WriteAllText(files.CertificatePath!, _certificates.ChainOf(renewed));
        File.WriteAllText(files.KeyPath!, TestCertificates.KeyOf(renewed));
        // Files are not read for every handshake.
        clock.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(_own.Thumbprint, await ShownAsync(server));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(renewed.Thumbprint, await ShownAsync(server));
        Assert.Equal(2, server.Log.Of(1501).Count());
    }

    [Fact]
    public async Task Files_that_cannot_be_used_leave_the_one_before_in_force_and_are_told_once()
    {
        var clock = new FakeClock();
        var files = Write(Form.TwoFiles);
        await using var server = await StartAsync(files, clock);
        using var renewed = _certificates.Make();
        // The certificate is there already, its key not yet.
        File.WriteAllText(files.CertificatePath!, _certificates.ChainOf(renewed));
        for (var i = 0; i < 3; i++)
        {
            clock.Advance(TimeSpan.FromSeconds(10));
            Assert.Equal(_own.Thumbprint, await ShownAsync(server));
        }
        Assert.Single(server.Log.Of(1502));
        File.WriteAllText(files.KeyPath!, TestCertificates.KeyOf(renewed));
        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(renewed.Thumbprint, await ShownAsync(server));
    }

    [Fact]
    public async Task Who_speaks_no_TLS_or_says_nothing_is_let_go_and_others_are_served()
    {
        await using var server = await StartAsync(Write(Form.TwoFiles), http: new()
        {
            Headers = TimeSpan.FromSeconds(1),
        });
        using var plain = await RawConnection.OpenAsync(server.Url);
        await plain.SendAsync("GET /health HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.DoesNotContain("HTTP/1.1 200", await plain.ReadToEndAsync());
        using var silent = await RawConnection.OpenAsync(server.Url);
        Assert.Equal("", await silent.ReadToEndAsync());
        Assert.Equal(_own.Thumbprint, await ShownAsync(server));
    }

    [Fact]
    public async Task What_cannot_be_used_stops_the_start_and_is_named_without_its_password()
    {
        using var other = _certificates.Make();
        var good = Write(Form.TwoFiles);
        var garbage = PathOf("garbage.pem", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n");
        var notPem = PathOf("not.pem", "nothing");
        foreach (var (settings, name) in ((TlsSettings, Setting)[])
            [
                (good with { CertificatePath = "/no/such/file" }, SettingList.TlsCertificate),
                (good with { KeyPath = "/no/such/file" }, SettingList.TlsKey),
                (good with { KeyPath = null }, SettingList.TlsKey),
                (good with { KeyPath = notPem }, SettingList.TlsKey),
                (good with { KeyPath = PathOf("other.key", TestCertificates.KeyOf(other)) }, SettingList.TlsCertificate),
                (good with { CertificatePath = garbage }, SettingList.TlsCertificate),
                (good with { CertificatePath = notPem, KeyPath = null }, SettingList.TlsCertificate),
                (Write(Form.LockedKey) with { Password = null }, SettingList.TlsPassword),
                (Write(Form.LockedKey) with { Password = Password + "x" }, SettingList.TlsCertificate),
                (Write(Form.LockedPfx) with { Password = Password + "x" }, SettingList.TlsCertificate),
                (Write(Form.Pfx) with { KeyPath = good.KeyPath }, SettingList.TlsKey),
            ])
        {
            var refusal = await Assert.ThrowsAsync<InvalidSettingException>(() => StartAsync(settings));
            Assert.Equal(name.Name, refusal.Name);
            Assert.DoesNotContain(Password, refusal.Message);
        }
    }

    TlsSettings Write(Form form)
    {
        var (chain, key) = (_certificates.ChainOf(_own), TestCertificates.KeyOf(_own));
        return form switch
        {
            Form.TwoFiles => new()
            {
                CertificatePath = PathOf("own.pem", chain), KeyPath = PathOf("own.key", key),
            },
            Form.OneFile => new() { CertificatePath = PathOf("both.pem", chain + key) },
            Form.LockedKey => new()
            {
                CertificatePath = PathOf("own.pem", chain),
                KeyPath = PathOf("locked.key", TestCertificates.KeyOf(_own, Password)), Password = Password,
            },
            Form.Pfx => new() { CertificatePath = PathOf("own.pfx", _certificates.PfxOf(_own, null)) },
            _ => new()
            {
                CertificatePath = PathOf("locked.pfx", _certificates.PfxOf(_own, Password)), Password = Password,
            },
        };
    }

    string PathOf(string name, string text) => PathOf(name, System.Text.Encoding.ASCII.GetBytes(text));

    string PathOf(string name, byte[] bytes)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    static Task<RunningServer> StartAsync(TlsSettings tls, FakeClock? clock = null, HttpSettings? http = null) =>
        RunningServer.StartAsync(
            settings => settings with
            {
                Urls = ["https://127.0.0.1:0"], Tls = tls, Http = http ?? settings.Http,
            },
            services =>
            {
                if (clock is not null) services.AddClock(clock);
            });

    /// <summary>A client that knows the root alone, and takes down what the server shows.</summary>
    HttpClient Connect(RunningServer server, List<string> shown)
    {
        var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
        {
            lock (shown)
            {
                shown.Add(((X509Certificate2)certificate!).Thumbprint);
                shown.AddRange(chain!.ChainPolicy.ExtraStore.Select(sent => sent.Thumbprint));
            }
            return IsTrusted((X509Certificate2)certificate, chain) && !errors.HasFlag(
                SslPolicyErrors.RemoteCertificateNameMismatch);
        };
        return new HttpClient(handler) { BaseAddress = server.Url, Timeout = RunningServer.Deadline };
    }

    bool IsTrusted(X509Certificate2 certificate, X509Chain sent)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(_certificates.Root);
        chain.ChainPolicy.ExtraStore.AddRange(sent.ChainPolicy.ExtraStore);
        return chain.Build(certificate);
    }

    async Task<string> ShownAsync(RunningServer server)
    {
        var shown = new List<string>();
        using var client = Connect(server, shown);
        using var response = await client.GetAsync("/health");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return shown[0];
    }

    static async Task<SslStream> SpeakTlsAsync(RawConnection raw)
    {
        var tls = new SslStream(raw.Stream, leaveInnerStreamOpen: true, (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync("localhost");
        return tls;
    }
}

using System.Net;
using HealthExport.Server.Ingest;
using HealthExport.Server.Settings;
using HealthExport.Stores;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace HealthExport.Tests.Server;

public sealed class SettingsTests
{
    [Fact]
    public void Without_any_setting_the_defaults_of_the_list_hold()
    {
        var (list, code) = (Read([]), new ServerSettings());
        Assert.Equal(code.DatabaseUrl, list.DatabaseUrl);
        Assert.Equal(code.Urls, list.Urls);
        Assert.Equal(code.Ingest, list.Ingest);
        Assert.Equal(code.Database, list.Database);
        Assert.Equal(code.Shutdown, list.Shutdown);
        Assert.Equal(code.LogLevel, list.LogLevel);
        Assert.Equal(code.Tls, list.Tls);
        // Lists are equal one by one, not as a whole.
        Assert.Empty(list.Http.TrustedProxies);
        Assert.Empty(list.Http.CorsOrigins);
        Assert.Equal(
            code.Http with { TrustedProxies = [], CorsOrigins = [] },
            list.Http with { TrustedProxies = code.Http.TrustedProxies, CorsOrigins = code.Http.CorsOrigins });
        Assert.Null(list.PublicUrl);
        Assert.Equal(209_715_200, list.Ingest.BodyLimitBytes);
        Assert.Equal(TimeSpan.FromSeconds(20), list.Ingest.Wait);
    }

    [Fact]
    public void Every_setting_has_its_effect()
    {
        var folder = Path.GetTempPath();
        var settings = Read(new()
        {
            ["DATABASE_URL"] = "sqlite:/tmp/x.db",
            ["LOG_LEVEL"] = "debug",
            ["HEALTHEXPORT__URLS"] = "http://*:81; https://127.0.0.1:82",
            ["HEALTHEXPORT__PUBLICURL"] = "https://health.example.org",
            ["HEALTHEXPORT__SHUTDOWNSECONDS"] = "1",
            ["HEALTHEXPORT__INGEST__BODYLIMITBYTES"] = "2",
            ["HEALTHEXPORT__INGEST__WAITSECONDS"] = "3",
            ["HEALTHEXPORT__INGEST__STALLSECONDS"] = "4",
            ["HEALTHEXPORT__INGEST__LEASESECONDS"] = "5",
            ["HEALTHEXPORT__INGEST__WORKERS"] = "6",
            ["HEALTHEXPORT__INGEST__ATTEMPTS"] = "7",
            ["HEALTHEXPORT__INGEST__BACKOFFMILLISECONDS"] = "80",
            ["HEALTHEXPORT__INGEST__BACKOFFLIMITMILLISECONDS"] = "900",
            ["HEALTHEXPORT__INGEST__BATCHROWS"] = "1000",
            ["HEALTHEXPORT__INGEST__TEMPFOLDER"] = folder,
            ["HEALTHEXPORT__DATABASE__MINCONNECTIONS"] = "1",
            ["HEALTHEXPORT__DATABASE__MAXCONNECTIONS"] = "2",
            ["HEALTHEXPORT__DATABASE__CONNECTSECONDS"] = "3",
            ["HEALTHEXPORT__DATABASE__STATEMENTSECONDS"] = "4",
            ["HEALTHEXPORT__DATABASE__LIFETIMESECONDS"] = "5",
            ["HEALTHEXPORT__DATABASE__IDLESECONDS"] = "16",
            ["HEALTHEXPORT__DATABASE__STATEMENTCACHE"] = "7",
            ["HEALTHEXPORT__DATABASE__TRANSACTIONPOOLER"] = "True",
            ["HEALTHEXPORT__HTTP__TRUSTEDPROXIES"] = "10.0.0.2, fd00::/8",
            ["HEALTHEXPORT__HTTP__CORSORIGINS"] = "https://Dash.example.org/, http://localhost:80, http://localhost:81",
            ["HEALTHEXPORT__HTTP__MAXCONNECTIONS"] = "1",
            ["HEALTHEXPORT__HTTP__MAXCONNECTIONSPERADDRESS"] = "2",
            ["HEALTHEXPORT__HTTP__HEADERSECONDS"] = "3",
            ["HEALTHEXPORT__HTTP__KEEPALIVESECONDS"] = "4",
            ["HEALTHEXPORT__HTTP__LEASTBYTESPERSECOND"] = "5",
            ["HEALTHEXPORT__TLS__CERTIFICATE"] = "own.pem",
            ["HEALTHEXPORT__TLS__KEY"] = "own.key",
            ["HEALTHEXPORT__TLS__PASSWORD"] = "secret",
            ["HEALTHEXPORT__TLS__HSTSSECONDS"] = "6",
        });
        Assert.Equal("sqlite:/tmp/x.db", settings.DatabaseUrl);
        Assert.Equal(LogLevel.Debug, settings.LogLevel);
        Assert.Equal(["http://*:81", "https://127.0.0.1:82"], settings.Urls);
        Assert.Equal(new Uri("https://health.example.org"), settings.PublicUrl);
        Assert.Equal(TimeSpan.FromSeconds(1), settings.Shutdown);
        Assert.Equal(
            new IngestSettings
            {
                BodyLimitBytes = 2, Wait = TimeSpan.FromSeconds(3), Stall = TimeSpan.FromSeconds(4),
                Lease = TimeSpan.FromSeconds(5), Workers = 6, TempFolder = folder, Attempts = 7,
                Backoff = new(TimeSpan.FromMilliseconds(80), TimeSpan.FromMilliseconds(900)), BatchRows = 1000,
            },
            settings.Ingest);
        Assert.Equal(
            new ConnectionPoolOptions
            {
                MinSize = 1, MaxSize = 2, AcquireTimeout = TimeSpan.FromSeconds(3),
                StatementTimeout = TimeSpan.FromSeconds(4), Lifetime = TimeSpan.FromSeconds(5),
                IdleTime = TimeSpan.FromSeconds(16), StatementCacheSize = 7, BehindTransactionPooler = true,
            },
            settings.Database);
        Assert.Equal(
            [IPNetwork.Parse("10.0.0.2/32"), IPNetwork.Parse("fd00::/8")], settings.Http.TrustedProxies);
        Assert.Equal(
            ["https://dash.example.org", "http://localhost", "http://localhost:81"], settings.Http.CorsOrigins);
        Assert.Equal((1, 2), (settings.Http.MaxConnections, settings.Http.MaxConnectionsPerAddress));
        Assert.Equal(TimeSpan.FromSeconds(3), settings.Http.Headers);
        Assert.Equal(TimeSpan.FromSeconds(4), settings.Http.KeepAlive);
        Assert.Equal(5, settings.Http.LeastBytesPerSecond);
        Assert.Equal(
            new TlsSettings
            {
                CertificatePath = "own.pem", KeyPath = "own.key", Password = "secret", Hsts = TimeSpan.FromSeconds(6),
            },
            settings.Tls);
    }

    [Fact]
    public void A_certificate_and_an_address_of_TLS_need_each_other()
    {
        var (urls, certificate, key) = ("HEALTHEXPORT__URLS", "HEALTHEXPORT__TLS__CERTIFICATE", "HEALTHEXPORT__TLS__KEY");
        foreach (var (environment, name) in ((Dictionary<string, string?>, string)[])
            [
                (new() { [urls] = "https://127.0.0.1" }, certificate),
                (new() { [certificate] = "own.pem" }, urls),
                (new() { [key] = "own.key" }, certificate),
            ])
            Assert.Equal(name, Assert.Throws<InvalidSettingException>(() => Read(environment)).Name);
    }

    [Theory]
    [InlineData("LOG_LEVEL", "loud")]
    [InlineData("LOG_LEVEL", "3")]
    [InlineData("HEALTHEXPORT__URLS", "ftp://127.0.0.1")]
    [InlineData("HEALTHEXPORT__URLS", "127.0.0.1:80")]
    [InlineData("HEALTHEXPORT__URLS", ";")]
    [InlineData("HEALTHEXPORT__PUBLICURL", "health.example.org")]
    [InlineData("HEALTHEXPORT__PUBLICURL", "https://a:b@health.example.org")]
    [InlineData("HEALTHEXPORT__INGEST__BODYLIMITBYTES", "0")]
    [InlineData("HEALTHEXPORT__INGEST__BODYLIMITBYTES", "200 MiB")]
    [InlineData("HEALTHEXPORT__INGEST__WAITSECONDS", "-1")]
    [InlineData("HEALTHEXPORT__INGEST__STALLSECONDS", "0")]
    [InlineData("HEALTHEXPORT__INGEST__LEASESECONDS", "1.5")]
    [InlineData("HEALTHEXPORT__INGEST__WORKERS", "many")]
    [InlineData("HEALTHEXPORT__INGEST__ATTEMPTS", "0")]
    [InlineData("HEALTHEXPORT__INGEST__BACKOFFMILLISECONDS", "0")]
    [InlineData("HEALTHEXPORT__INGEST__BACKOFFLIMITMILLISECONDS", "99")]
    [InlineData("HEALTHEXPORT__INGEST__BATCHROWS", "1")]
    [InlineData("HEALTHEXPORT__INGEST__TEMPFOLDER", "/no/such/folder")]
    [InlineData("HEALTHEXPORT__DATABASE__MINCONNECTIONS", "51")]
    [InlineData("HEALTHEXPORT__DATABASE__MAXCONNECTIONS", "1")]
    [InlineData("HEALTHEXPORT__DATABASE__CONNECTSECONDS", "0")]
    [InlineData("HEALTHEXPORT__DATABASE__STATEMENTSECONDS", "-1")]
    [InlineData("HEALTHEXPORT__DATABASE__LIFETIMESECONDS", "1h")]
    [InlineData("HEALTHEXPORT__DATABASE__IDLESECONDS", "9")]
    [InlineData("HEALTHEXPORT__DATABASE__STATEMENTCACHE", "-1")]
    [InlineData("HEALTHEXPORT__DATABASE__TRANSACTIONPOOLER", "yes")]
    [InlineData("HEALTHEXPORT__HTTP__TRUSTEDPROXIES", "caddy")]
    [InlineData("HEALTHEXPORT__HTTP__MAXCONNECTIONS", "0")]
    [InlineData("HEALTHEXPORT__HTTP__MAXCONNECTIONSPERADDRESS", "0")]
    [InlineData("HEALTHEXPORT__HTTP__HEADERSECONDS", "0")]
    [InlineData("HEALTHEXPORT__HTTP__KEEPALIVESECONDS", "0")]
    [InlineData("HEALTHEXPORT__HTTP__LEASTBYTESPERSECOND", "-1")]
    [InlineData("HEALTHEXPORT__TLS__HSTSSECONDS", "-1")]
    [InlineData("HEALTHEXPORT__HTTP__CORSORIGINS", "dash.example.org")]
    [InlineData("HEALTHEXPORT__HTTP__CORSORIGINS", "https://dash.example.org/path")]
    [InlineData("HEALTHEXPORT__HTTP__CORSORIGINS", "https://dash.example.org, *")]
    [InlineData("HEALTHEXPORT__HTTP__CORSORIGINS", "https://*.example.org")]
    [InlineData("HEALTHEXPORT__HTTP__CORSORIGINS", "null")]
    [InlineData("HEALTHEXPORT__HTTP__TRUSTEDPROXIES", "10")]
    [InlineData("HEALTHEXPORT__HTTP__TRUSTEDPROXIES", "10.0.0.2, 10.0.0.300")]
    [InlineData("HEALTHEXPORT__HTTP__TRUSTEDPROXIES", "10.0.0.0/33")]
    public void A_value_that_is_not_allowed_is_refused_by_name(string name, string value)
    {
        var refusal = Assert.Throws<InvalidSettingException>(() => Read(new() { [name] = value }));
        Assert.Equal(name, refusal.Name);
        Assert.StartsWith(name + " must be ", refusal.Message);
    }

    [Fact]
    public void Arguments_win_over_the_environment_and_that_over_the_file()
    {
        var folder = Directory.CreateTempSubdirectory();
        var file = Path.Combine(folder.FullName, ".env");
        File.WriteAllText(
            file,
            """
            # a comment
            LOG_LEVEL=Error
            HEALTHEXPORT__INGEST__WAITSECONDS=7
            HEALTHEXPORT__INGEST__WORKERS="8"
            """);
        var configuration = SettingSources.Load(
            new Dictionary<string, string?> { ["LOG_LEVEL"] = "Trace" }, file,
            new Dictionary<string, string?> { ["LOG_LEVEL"] = "None", ["HEALTHEXPORT__INGEST__WAITSECONDS"] = "9" });
        folder.Delete(recursive: true);

        var origins = SettingSources.Describe(configuration)
            .ToDictionary(setting => setting.Setting.Name, setting => (setting.Value, setting.Origin));
        Assert.Equal(("Trace", "arguments"), origins["LOG_LEVEL"]);
        Assert.Equal(("9", "environment"), origins["HEALTHEXPORT__INGEST__WAITSECONDS"]);
        Assert.Equal(("8", ".env"), origins["HEALTHEXPORT__INGEST__WORKERS"]);
        Assert.Equal(("209715200", "default"), origins["HEALTHEXPORT__INGEST__BODYLIMITBYTES"]);
        Assert.Equal(LogLevel.Trace, ServerSettings.From(configuration).LogLevel);
    }

    [Fact]
    public void A_secret_can_come_from_a_file_and_is_not_shown()
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, "postgresql://me:geheim@db/health?sslpassword=geheim\n");
        var configuration = Load(new() { ["DATABASE_URL_FILE"] = file });
        File.Delete(file);
        var setting = SettingSources.Describe(configuration).Single(found => found.Setting == SettingList.DatabaseUrl);
        Assert.Equal("file", setting.Origin);
        Assert.Equal("postgresql://me:geheim@db/health?sslpassword=geheim", setting.Value);
        Assert.Equal("postgresql://me:***@db/health?***", setting.Shown);
    }

    [Theory]
    [InlineData("redis://:geheim@cache:6379/0", "redis://***@cache:6379/0")]
    [InlineData("rediss://default:geheim@cache", "rediss://***@cache")]
    [InlineData("redis://geheim@cache", "redis://***@cache")]
    [InlineData("redis://cache", "redis://cache")]
    [InlineData("cache:6379,password=geheim", "***")]
    public void The_password_of_Redis_is_not_shown(string url, string shown)
    {
        var setting = SettingSources.Describe(Load(new() { ["REDIS_URL"] = url }))
            .Single(found => found.Setting == SettingList.RedisUrl);
        Assert.Equal(shown, setting.Shown);
    }

    [Fact]
    public void Redis_is_used_only_where_it_is_named()
    {
        Assert.Null(Read([]).Redis);
        Assert.Equal(
            new("redis://cache")
            {
                Prefix = "mine:", ConnectTimeout = TimeSpan.FromSeconds(3),
                AnswerTimeout = TimeSpan.FromMilliseconds(70),
            },
            Read(new()
            {
                ["REDIS_URL"] = "redis://cache", ["HEALTHEXPORT__REDIS__PREFIX"] = "mine:",
                ["HEALTHEXPORT__REDIS__CONNECTMILLISECONDS"] = "3000",
                ["HEALTHEXPORT__REDIS__ANSWERMILLISECONDS"] = "70",
            }).Redis);
    }

    [Fact]
    public void A_secret_file_that_is_not_there_is_refused_by_name()
    {
        var refusal = Assert.Throws<InvalidSettingException>(
            () => Load(new() { ["DATABASE_URL_FILE"] = "/no/such/file" }));
        Assert.Equal("DATABASE_URL_FILE", refusal.Name);
    }

    [Fact]
    public void Backoff_grows_from_100_ms_to_5_s()
    {
        for (var failures = 0; failures < 40; failures++)
        {
            var whole = Math.Min(5000, 100 * Math.Pow(2, failures));
            Assert.InRange(Backoff.Default.After(failures).TotalMilliseconds, Math.Max(100, whole / 2), whole);
        }
    }

    static ServerSettings Read(Dictionary<string, string?> environment) => ServerSettings.From(Load(environment));

    static IConfigurationRoot Load(Dictionary<string, string?> environment) =>
        SettingSources.Load(null, "/no/such/.env", environment);
}

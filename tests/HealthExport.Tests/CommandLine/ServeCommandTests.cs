using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using HealthExport.Keys;
using HealthExport.Server.CommandLine;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.CommandLine;

public sealed partial class ServeCommandTests : IDisposable
{
    readonly Terminal _terminal = new();

    public void Dispose() => _terminal.Dispose();

    /// <summary>Serves in this process until the first flush of stdout, which says that it listens.</summary>
    Task<(string Out, int Code)> ServeAsync(params string[] args) => ServeAsync(_ => Task.CompletedTask, args);

    /// <param name="look">At what was printed, before it is stopped.</param>
    async Task<(string Out, int Code)> ServeAsync(Func<string, Task> look, params string[] args)
    {
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var output = new FlushSignal();
        var error = new StringWriter();
        var serving = CommandLineApp.RunAsync(args, _terminal.OpenShell(output, error), stop.Token);
        await Task.WhenAny(output.Flushed, serving);
        Assert.False(serving.IsCompleted, error.ToString());
        await look(output.ToString());
        await stop.CancelAsync();
        return (output.ToString(), await serving);
    }

    [Fact]
    public async Task The_first_start_shows_an_admin_key_first_and_then_the_pairing()
    {
        var (text, code) = await ServeAsync("serve", "--urls", "http://127.0.0.1:0");
        Assert.Equal(0, code);
        var keys = text.Split((char[])[' ', '\n', '\r', ',', '&'], StringSplitOptions.RemoveEmptyEntries)
            .Where(word => ApiKey.TryParse(word, out _)).Distinct().ToArray();
        Assert.Equal(2, keys.Length);
        Assert.Contains("█", text, StringComparison.Ordinal);

        var listed = await _terminal.RunAsync("key", "list", "--json");
        var scopes = listed.Json.GetProperty("items").EnumerateArray().ToDictionary(
            key => key.GetProperty("id").GetString()!,
            key => string.Join(',', key.GetProperty("scopes").EnumerateArray().Select(scope => scope.GetString())));
        Assert.Equal("ingest,read,admin", scopes[keys[0].Split('_')[1]]);
        Assert.Equal("ingest", scopes[keys[1].Split('_')[1]]);
    }

    [Fact]
    public async Task The_second_start_shows_nothing()
    {
        await ServeAsync("--urls", "http://127.0.0.1:0");
        var (text, _) = await ServeAsync("--urls", "http://127.0.0.1:0");
        Assert.Empty(text);
        var listed = await _terminal.RunAsync("user", "list", "--json");
        Assert.Equal(
            "owner@localhost",
            Assert.Single(listed.Json.GetProperty("items").EnumerateArray()).GetProperty("email").GetString());
    }

    [Fact]
    public async Task With_json_both_starts_print_one_document()
    {
        var (first, _) = await ServeAsync("serve", "--json", "--urls", "http://127.0.0.1:0");
        var document = JsonDocument.Parse(first).RootElement;
        Assert.Equal("admin_key", document.EnumerateObject().First().Name);
        var url = document.GetProperty("urls")[0].GetString();
        Assert.Equal($"{url}/v1/ingest", document.GetProperty("pairing").GetProperty("url").GetString());

        var (second, _) = await ServeAsync("serve", "--json", "--urls=http://127.0.0.1:0", "--metrics-urls", "none");
        Assert.Equal(
            ["urls"], JsonDocument.Parse(second).RootElement.EnumerateObject().Select(property => property.Name));
    }

    [Fact]
    public async Task With_a_certificate_the_printed_URLs_say_https()
    {
        using var certificates = new TestCertificates();
        using var own = certificates.Make();
        var file = _terminal.PathOf("own.pem");
        File.WriteAllText(file, certificates.ChainOf(own) + TestCertificates.KeyOf(own));
        _terminal.Environment["HEALTHEXPORT__TLS__CERTIFICATE"] = file;
        var (text, code) = await ServeAsync("serve", "--json", "--urls", "https://127.0.0.1:0");
        Assert.Equal(0, code);
        var document = JsonDocument.Parse(text).RootElement;
        var url = document.GetProperty("urls")[0].GetString()!;
        Assert.StartsWith("https://127.0.0.1:", url, StringComparison.Ordinal);
        Assert.Equal($"{url}/v1/ingest", document.GetProperty("pairing").GetProperty("url").GetString());
    }

    [Theory]
    [InlineData("/no/such/file", "HEALTHEXPORT__TLS__CERTIFICATE must name a file that can be used; /no/such/file")]
    [InlineData("", "HEALTHEXPORT__TLS__CERTIFICATE must be set")]
    public async Task A_certificate_that_cannot_be_used_stops_the_start(string file, string error)
    {
        _terminal.Environment["HEALTHEXPORT__TLS__CERTIFICATE"] = file;
        var failed = await _terminal.RunAsync("serve", "--urls", "https://127.0.0.1:0");
        Assert.Equal(1, failed.Code);
        Assert.Empty(failed.Out);
        Assert.StartsWith(error, failed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_start_that_fails_does_not_use_up_the_first_keys()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var failed = await _terminal.RunAsync("serve", "--urls", $"http://127.0.0.1:{port}");
        Assert.Equal(1, failed.Code);
        Assert.Empty(failed.Out);
        Assert.Contains("--urls", failed.Error, StringComparison.Ordinal);

        var (text, _) = await ServeAsync("--urls", "http://127.0.0.1:0");
        Assert.Contains("Admin key", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_owner_who_never_got_a_key_is_greeted_again()
    {
        await _terminal.AddUserAsync("owner@localhost");
        var (text, _) = await ServeAsync("--urls", "http://127.0.0.1:0");
        Assert.Contains("Admin key", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_with_people_gets_no_owner()
    {
        await _terminal.AddUserAsync();
        var (text, _) = await ServeAsync("--urls", "http://127.0.0.1:0");
        Assert.Empty(text);
        Assert.Empty((await _terminal.RunAsync("key", "list", "--json")).Json.GetProperty("items").EnumerateArray());
    }

    [Theory]
    [InlineData("--urls", "ftp://127.0.0.1:8080")]
    [InlineData("--metrics-urls", "https://127.0.0.1:9090")]
    [InlineData("--urls", "127.0.0.1:8080")]
    [InlineData("--urls", "")]
    [InlineData("--metrics-urls", "off")]
    [InlineData("--port", "8080")]
    public async Task What_cannot_be_listened_on_is_a_usage_error(params string[] args)
    {
        Assert.Equal(2, (await _terminal.RunAsync(args)).Code);
        Assert.Equal(2, (await _terminal.RunAsync(["serve", .. args])).Code);
    }

    sealed class FlushSignal : StringWriter
    {
        readonly TaskCompletionSource _flushed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Flushed => _flushed.Task;

        public override void Flush() => _flushed.TrySetResult();
    }
}

namespace HealthExport.Tests.CommandLine;

public sealed class MigrateCommandTests : IDisposable
{
    readonly Terminal _terminal = new();

    public void Dispose() => _terminal.Dispose();

    async Task<bool[]> StatusAsync()
    {
        var status = await _terminal.RunAsync("migrate", "--status", "--json");
        Assert.Equal(0, status.Code);
        return [.. status.Json.GetProperty("items").EnumerateArray()
            .Select(step => step.GetProperty("applied").GetBoolean())];
    }

    [Fact]
    public async Task Up_applies_every_step_and_again_none()
    {
        Assert.All(await StatusAsync(), Assert.False);
        var up = await _terminal.RunAsync("migrate", "--json");
        Assert.Equal("up", up.Json.GetProperty("direction").GetString());
        Assert.NotEmpty(up.Json.GetProperty("steps").EnumerateArray());
        Assert.All(await StatusAsync(), Assert.True);

        var again = await _terminal.RunAsync("migrate");
        Assert.Equal(0, again.Code);
        Assert.Equal("Nothing to do.", again.Out.Trim());
    }

    [Fact]
    public async Task A_dry_run_says_what_it_would_do_and_does_nothing()
    {
        var dry = await _terminal.RunAsync("migrate", "--dry-run");
        Assert.Contains("Would apply 0001", dry.Out, StringComparison.Ordinal);
        Assert.All(await StatusAsync(), Assert.False);
    }

    [Fact]
    public async Task Down_reverts_every_later_step()
    {
        await _terminal.RunAsync("migrate");
        var down = await _terminal.RunAsync("migrate", "--down-to", "0");
        Assert.Equal(0, down.Code);
        Assert.Contains("Reverted 0001", down.Out, StringComparison.Ordinal);
        Assert.All(await StatusAsync(), Assert.False);
    }

    [Fact]
    public async Task The_status_for_people_is_a_table()
    {
        var status = await _terminal.RunAsync("migrate", "--status");
        Assert.Contains("Applied", status.Out, StringComparison.Ordinal);
        Assert.Contains("no", status.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--down-to", "-1")]
    [InlineData("--down-to", "all")]
    [InlineData("--status", "--dry-run")]
    public async Task What_makes_no_sense_is_a_usage_error(params string[] args) =>
        Assert.Equal(2, (await _terminal.RunAsync(["migrate", .. args])).Code);

    [Fact]
    public async Task A_step_that_is_not_there_is_an_error()
    {
        var down = await _terminal.RunAsync("migrate", "--down-to", "9999");
        Assert.Equal(1, down.Code);
        Assert.Contains("9999", down.Error, StringComparison.Ordinal);
    }
}

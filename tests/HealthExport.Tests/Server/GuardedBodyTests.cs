using System.IO.Pipelines;
using HealthExport.Server.Ingest;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Server;

public sealed class GuardedBodyTests
{
    static readonly TimeSpan s_stall = TimeSpan.FromSeconds(60);

    readonly FakeClock _clock = new();
    readonly Pipe _pipe = new();

    [Fact]
    public async Task A_body_that_brings_nothing_for_too_long_is_given_up()
    {
        using var body = new GuardedBody(_pipe.Reader, s_stall, _clock, CancellationToken.None);
        var read = body.ReadAsync().AsTask();
        _clock.Advance(s_stall);
        await Assert.ThrowsAsync<StalledBodyException>(() => read);
    }

    [Fact]
    public async Task The_time_that_the_reader_takes_is_not_the_bodys()
    {
        using var body = new GuardedBody(_pipe.Reader, s_stall, _clock, CancellationToken.None);
        await _pipe.Writer.WriteAsync(new byte[] { 1 });
        body.AdvanceTo((await body.ReadAsync()).Buffer.End);
        // A disk that hangs, a machine put to sleep.
        _clock.Advance(2 * s_stall);
        await _pipe.Writer.WriteAsync(new byte[] { 2 });
        Assert.Equal(2, (await body.ReadAsync()).Buffer.FirstSpan[0]);
    }

    [Fact]
    public async Task A_client_that_leaves_is_no_stall()
    {
        using var aborted = new CancellationTokenSource();
        using var body = new GuardedBody(_pipe.Reader, s_stall, _clock, aborted.Token);
        var read = body.ReadAsync().AsTask();
        await aborted.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
    }
}

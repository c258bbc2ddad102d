using HealthExport.Pushes;
using HealthExport.Server.Http;
using HealthExport.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace HealthExport.Tests.Server;

public sealed class FailuresTests
{
    [Fact]
    public async Task A_fault_is_logged_although_the_client_has_gone()
    {
        Assert.Single((await FailAsync(new InvalidOperationException("secret"))).Of(1002));
        Assert.Single((await FailAsync(new StoreUnavailableException("secret"))).Of(1003));
    }

    [Fact]
    public async Task That_a_client_has_gone_is_no_fault()
    {
        Assert.Empty((await FailAsync(new OperationCanceledException())).Lines);
        Assert.Empty((await FailAsync(new IOException("The client reset the request stream."))).Lines);
    }

    /// <summary>Lets a request fail whose client has gone.</summary>
    static async Task<CapturedLog> FailAsync(Exception failure)
    {
        var log = new CapturedLog();
        using var factory = LoggerFactory.Create(logging => logging.AddProvider(log));
        var context = new DefaultHttpContext { RequestAborted = new(canceled: true) };
        await new Failures(_ => throw failure, factory.CreateLogger<Failures>()).InvokeAsync(context);
        Assert.Equal(StatusCodes.Status200OK, context.Response.StatusCode);
        return log;
    }
}

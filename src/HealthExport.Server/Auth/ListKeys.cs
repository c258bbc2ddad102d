using HealthExport.Keys;
using HealthExport.Server.Http;
using HealthExport.Server.Security;
using HealthExport.Time;

namespace HealthExport.Server.Auth;

/// <summary>GET /v1/auth/keys: the caller's keys by age, those that have ended included; never a secret.</summary>
static class ListKeys
{
    public static readonly string[] Parameters = ["cursor", "limit"];

    public static async Task<IResult> HandleAsync(
        HttpContext context, Caller caller, IKeyStore keys, TimeProvider clock, CancellationToken cancellationToken)
    {
        var query = new QueryReader(context.Request.Query);
        var cursor = query.Text("cursor");
        var limit = query.Limit();
        if (query.Problem is { } problem) return problem;

        var page = await keys.ListAsync(caller.UserId, cursor, limit, cancellationToken);
        var now = Instant.From(clock.GetUtcNow());
        return TypedResults.Json(
            new ListAnswer<KeyAnswer>([.. page.Items.Select(key => KeyAnswer.Of(key, now))], page.NextCursor),
            ServerJson.Default.ListAnswerKeyAnswer);
    }
}

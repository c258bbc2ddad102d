using HealthExport.People;
using HealthExport.Server.Http;
using HealthExport.Server.Security;
using HealthExport.Server.Settings;

namespace HealthExport.Server.People;

/// <param name="Status">"erased", or "erasing" while it goes on by itself.</param>
sealed record ErasureAnswer(string Status);

/// <summary>
/// DELETE /v1/users/me?confirm=EMAIL: erases the person. Once their keys have ended, which is at once, it goes on
/// whatever becomes of the connection, and across a crash.
/// </summary>
static class EraseMe
{
    public static readonly string[] Parameters = ["confirm"];

    public static async Task<IResult> HandleAsync(
        HttpContext context, Caller caller, IUserStore users, Erasures erasures, ServerSettings settings,
        CancellationToken cancellationToken)
    {
        var query = new QueryReader(context.Request.Query);
        var confirmed = query.Text("confirm");
        if (await users.FindAsync(caller.UserId, cancellationToken) is not { IsBeingErased: false } user)
            throw new UserGoneException();
        if (confirmed is null || EmailAddress.KeyOf(confirmed) != EmailAddress.KeyOf(user.Email))
            query.Refuse("confirm", "must be the e-mail of the person to erase, whose key this is.");
        if (query.Problem is { } problem) return problem;

        await users.BeginErasingAsync(user.Id, CancellationToken.None);
        var isGone = await erasures.FinishAsync(user.Id, settings.Ingest.Wait);
        return TypedResults.Json(
            new ErasureAnswer(isGone ? "erased" : "erasing"), ServerJson.Default.ErasureAnswer,
            statusCode: isGone ? StatusCodes.Status200OK : StatusCodes.Status202Accepted);
    }
}

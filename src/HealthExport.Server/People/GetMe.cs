using HealthExport.People;
using HealthExport.Server.Http;
using HealthExport.Server.Security;

namespace HealthExport.Server.People;

/// <summary>GET /v1/users/me: whose key this is, and what they have set.</summary>
static class GetMe
{
    public static async Task<IResult> HandleAsync(Caller caller, IUserStore users, CancellationToken cancellationToken)
    {
        var profile = await users.FindProfileAsync(caller.UserId, cancellationToken) ?? throw new UserGoneException();
        return TypedResults.Json(PersonAnswer.Of(profile), ServerJson.Default.PersonAnswer);
    }
}

using System.Reflection;
using HealthExport.Keys;

namespace HealthExport.Server.Security;

/// <summary>Who a request comes from, once its key has been checked. A handler takes it as a parameter.</summary>
sealed record Caller(long UserId, string KeyId, KeyScopes Scopes)
{
    public bool Has(KeyScopes scope) => Scopes.Include(scope);

    /// <summary>Binds the parameter of a handler.</summary>
    public static ValueTask<Caller?> BindAsync(HttpContext context, ParameterInfo _) =>
        ValueTask.FromResult(context.Features.Get<Caller>());
}

using System.Reflection;
using HealthExport.Keys;
using HealthExport.Limits;

namespace HealthExport.Server.Security;

/// <summary>Who a request comes from, once its key has been checked. A handler takes it as a parameter.</summary>
/// <param name="Profile">Which limits hold for the key.</param>
sealed record Caller(long UserId, string KeyId, KeyScopes Scopes, LimitProfile Profile)
{
    public static Caller Of(StoredKey key) => new(
        // A profile of a later version: the usual limits are the safe ones.
        key.UserId, key.Id, key.Scopes, LimitProfiles.TryParse(key.LimitProfile, out var profile) ? profile : default);

    public KeyLimits Limits => KeyLimits.Of(Profile);

    public bool Has(KeyScopes scope) => Scopes.Include(scope);

    /// <summary>Binds the parameter of a handler.</summary>
    public static ValueTask<Caller?> BindAsync(HttpContext context, ParameterInfo _) =>
        ValueTask.FromResult(context.Features.Get<Caller>());
}

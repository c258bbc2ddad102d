using System.Reflection;
using HealthExport.Keys;
using HealthExport.Limits;

namespace HealthExport.Server.Security;

/// <summary>Who a request comes from, once its key has been checked. A handler takes it as a parameter.</summary>
/// <param name="Key">As the store had it when it was last read: at most a second ago.</param>
sealed record Caller(StoredKey Key)
{
    public long UserId => Key.UserId;
    public string KeyId => Key.Id;
    public KeyScopes Scopes => Key.Scopes;

    /// <summary>Which limits hold for the key; of a profile that only a later version knows, the usual ones.</summary>
    public LimitProfile Profile => LimitProfiles.TryParse(Key.LimitProfile, out var profile) ? profile : default;

    public KeyLimits Limits => KeyLimits.Of(Profile).With(Key.Limits);

    public bool Has(KeyScopes scope) => Scopes.Include(scope);

    /// <summary>Binds the parameter of a handler.</summary>
    public static ValueTask<Caller?> BindAsync(HttpContext context, ParameterInfo _) =>
        ValueTask.FromResult(context.Features.Get<Caller>());
}

using System.Reflection;
using HealthExport.Pushes;
using HealthExport.Storage;

namespace HealthExport.Tests.Isolation;

/// <summary>What the contracts of the store let one ask for, found out by reflection.</summary>
static class StoreMethods
{
    /// <summary>Methods and properties of every contract that an engine implements, as <c>IUserStore.FindAsync(Int64)</c>.
    /// </summary>
    public static IReadOnlyList<string> All { get; } =
    [
        .. from type in typeof(StorageRegistration).Assembly.GetTypes()
           where type is { IsClass: true, IsAbstract: false }
           from contract in type.GetInterfaces()
           where contract.Assembly == typeof(IIngestionStore).Assembly
           from name in contract.GetMethods().Where(method => !method.IsSpecialName).Select(NameOf)
               .Concat(contract.GetProperties().Select(property => property.Name))
           let full = $"{contract.Name}.{name}"
           group full by full into same
           orderby same.Key
           select same.Key,
    ];

    static string NameOf(MethodInfo method) => $"{method.Name}({string.Join(
        ", ",
        method.GetParameters().Where(parameter => parameter.ParameterType != typeof(CancellationToken))
            .Select(parameter => NameOf(parameter.ParameterType)))})";

    static string NameOf(Type type) => type.IsGenericType
        ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>"
        : type.Name;
}

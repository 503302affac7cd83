using System.Reflection;
using WanSharp.Runtime.Native;

namespace WanSharp.Testing;

/// <summary>Tells which types hold native objects of ONNX Runtime: in a field, or in a field of what their fields hold.</summary>
public static class NativeHolders
{
    private const BindingFlags Fields = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<Type, bool> Known = [];

    /// <summary>
    /// The classes of tests whose fields hold native objects and that would not notice one that is left: they have neither a
    /// <see cref="NoLiveObjectsAttribute"/> nor a field of <see cref="LiveObjects"/>. Fixtures of the assembly, and those that have such a
    /// field themselves, do not count.
    /// </summary>
    public static string Unmarked(Assembly tests)
    {
        ArgumentNullException.ThrowIfNull(tests);
        var fixtures = tests.GetCustomAttributes<AssemblyFixtureAttribute>().Select(fixture => fixture.AssemblyFixtureType).ToHashSet();
        return string.Join(
            '\n',
            from type in tests.GetTypes()
            where type.GetMethods().Any(IsTest) && !type.IsDefined(typeof(NoLiveObjectsAttribute))
            let fields = type.GetFields(Fields)
                .Select(field => field.FieldType)
                .Where(field => !fixtures.Contains(field) && !Checks(field))
                .ToList()
            where !fields.Contains(typeof(LiveObjects))
            let held = fields.FirstOrDefault(Holds)
            where held is not null
            select $"{type.Name} holds native objects ({held.Name}): mark it [NoLiveObjects], or give it a {nameof(LiveObjects)}"
        );
    }

    private static bool IsTest(MethodInfo method) => method.GetCustomAttributes().Any(attribute => attribute is FactAttribute);

    private static bool Checks(Type fixture) =>
        fixture != typeof(LiveObjects) && fixture.GetFields(Fields).Any(field => field.FieldType == typeof(LiveObjects));

    private static bool Holds(Type type)
    {
        lock (Known)
        {
            if (Known.TryGetValue(type, out var known))
            {
                return known;
            }

            Known[type] = false; // while it is looked at: what holds only itself holds nothing
            return Known[type] = LooksFor(type);
        }
    }

    private static bool LooksFor(Type type) =>
        typeof(OrtHandle).IsAssignableFrom(type)
        || (type.HasElementType && Holds(type.GetElementType()!))
        || (!IsCallback(type) && type.GenericTypeArguments.Any(Holds))
        || (
            type.Namespace?.StartsWith("WanSharp", StringComparison.Ordinal) == true
            && IsOwner(type)
            && (type.GetFields(Fields).Any(field => Holds(field.FieldType)) || (type.BaseType is { } parent && Holds(parent)))
        );

    /// <summary>Whether a type owns what it holds; a record of two owners, say, does not.</summary>
    private static bool IsOwner(Type type) => typeof(IDisposable).IsAssignableFrom(type) || typeof(IAsyncDisposable).IsAssignableFrom(type);

    private static bool IsCallback(Type type) => typeof(Delegate).IsAssignableFrom(type);
}

using System.Collections;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Sampling;

namespace WanSharp.Repository.Tests;

/// <summary>The members of a record as JSON has them, a line each.</summary>
/// <param name="listed">Records with a listing of their own, which are named and not described again.</param>
internal sealed class OutputSchema(IReadOnlySet<Type> listed)
{
    private static readonly HashSet<Type> None = [];

    private readonly StringBuilder _text = new();
    private readonly NullabilityInfoContext _nullability = new();

    public static string Describe(Type type) => Describe(type, None);

    /// <summary>The members of several records, each under its name.</summary>
    public static string Describe(IEnumerable<Type> types)
    {
        var all = types.OrderBy(type => type.Name, StringComparer.Ordinal).ToList();
        return string.Join('\n', all.Select(type => $"{type.Name}\n{Describe(type, all.ToHashSet(), depth: 1)}"));
    }

    private static string Describe(Type type, IReadOnlySet<Type> listed, int depth = 0)
    {
        var schema = new OutputSchema(listed);
        var (item, kind) = Unwrapped(type);
        if (kind.Length > 0)
        {
            schema._text.Append(kind).Append(Name(item)).Append('\n');
        }

        schema.Members(item, kind.Length > 0 ? 1 : depth, omitsNulls: type == typeof(GenerationSettings));
        return schema._text.ToString();
    }

    /// <summary>The JSON names of a record's members, in order.</summary>
    public static IEnumerable<string> Names(Type type) => Properties(type).Select(property => property.Name);

    /// <summary>The records of an output: itself or what it lists, and those of all members.</summary>
    public static IReadOnlySet<Type> Records(Type type)
    {
        var records = new HashSet<Type>();
        Add(type);
        return records;

        void Add(Type one)
        {
            var item = Unwrapped(one).Item;
            if (IsRecord(item) && records.Add(item))
            {
                foreach (var (_, property) in Properties(item))
                {
                    Add(property.PropertyType);
                }
            }
        }
    }

    private void Members(Type type, int depth, bool omitsNulls)
    {
        if (!IsRecord(type))
        {
            return;
        }

        foreach (var (name, property) in Properties(type))
        {
            var (item, kind) = Unwrapped(property.PropertyType);
            var isNullable =
                Nullable.GetUnderlyingType(property.PropertyType) is not null
                || _nullability.Create(property).ReadState == NullabilityState.Nullable;
            var ending =
                !isNullable ? ""
                : omitsNulls || property.GetCustomAttribute<JsonIgnoreAttribute>() is not null ? ", or missing"
                : ", or null";
            var isListed = listed.Contains(item);
            _text.Append(' ', 2 * depth).Append(name).Append(": ").Append(kind);
            _text.Append(isListed ? item.Name : Name(item)).Append(ending).Append('\n');
            if (!isListed)
            {
                Members(item, depth + 1, omitsNulls || item == typeof(GenerationSettings));
            }
        }
    }

    private static IEnumerable<(string Name, PropertyInfo Property)> Properties(Type type) =>
        from property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
        where property.GetIndexParameters().Length == 0
        where property.GetCustomAttribute<JsonIgnoreAttribute>() is null or { Condition: not JsonIgnoreCondition.Always }
        select (
            property.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name ?? JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name),
            property
        );

    /// <summary>What a list or a map holds, and what it is.</summary>
    private static (Type Item, string Kind) Unwrapped(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string) || !typeof(IEnumerable).IsAssignableFrom(type))
        {
            return (type, "");
        }

        var arguments = type.IsArray ? [type.GetElementType()!] : type.GetGenericArguments();
        var (item, kind) = Unwrapped(arguments[^1]);
        return (item, (arguments.Length == 2 ? "map of " : "list of ") + kind);
    }

    /// <summary>Whether a type writes itself as something else than its members.</summary>
    private static bool HasForm(Type type) => type.GetCustomAttribute<JsonConverterAttribute>() is not null;

    private static bool IsRecord(Type type) =>
        type is { IsPrimitive: false, IsEnum: false } && !HasForm(type) && type.Namespace!.StartsWith("WanSharp", StringComparison.Ordinal);

    private static string Name(Type type) =>
        Type.GetTypeCode(type) switch
        {
            _ when type.IsEnum => "text",
            TypeCode.String => "text",
            TypeCode.Boolean => "true or false",
            TypeCode.Int32 or TypeCode.Int64 or TypeCode.UInt64 => "whole number",
            TypeCode.Single or TypeCode.Double or TypeCode.Decimal => "number",
            _ => IsRecord(type) ? "object"
            : type == typeof(NumberList) ? "list of number"
            : HasForm(type) ? "text"
            : "time",
        };
}

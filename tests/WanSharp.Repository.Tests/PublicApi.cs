using System.Reflection;
using System.Text;

namespace WanSharp.Repository.Tests;

/// <summary>An assembly's public API as text: a line a member, sorted, so that a change of it shows in review.</summary>
internal static class PublicApi
{
    public static string Describe(Assembly assembly)
    {
        var text = new StringBuilder();
        var written = assembly.GetExportedTypes().Where(type => !type.Name.Contains('<', StringComparison.Ordinal));
        foreach (var type in written.OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            text.Append(Kind(type)).Append(' ').Append(Name(type)).Append('\n');
            foreach (var member in Members(type).Distinct().Order(StringComparer.Ordinal))
            {
                text.Append("    ").Append(member).Append('\n');
            }
        }

        return text.ToString();
    }

    private static IEnumerable<string> Members(Type type)
    {
        const BindingFlags Declared = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        if (type.IsEnum)
        {
            return Enum.GetNames(type);
        }

        return type.GetMembers(Declared)
            .Where(IsWritten)
            .Select(member =>
                member switch
                {
                    PropertyInfo property => $"{Static(property.GetMethod ?? property.SetMethod!)}{Name(property.PropertyType)} "
                        + $"{property.Name}{Parameters(property.GetIndexParameters(), "[", "]")} {{ {Accessors(property)}}}",
                    MethodInfo method => $"{Static(method)}{Name(method.ReturnType)} "
                        + $"{method.Name}{Generics(method)}{Parameters(method.GetParameters(), "(", ")", always: true)}",
                    ConstructorInfo constructor => $"new{Parameters(constructor.GetParameters(), "(", ")", always: true)}",
                    FieldInfo field =>
                        $"{(field.IsLiteral ? "const " : field.IsStatic ? "static " : "")}{Name(field.FieldType)} {field.Name}",
                    EventInfo @event => $"event {Name(@event.EventHandlerType!)} {@event.Name}",
                    _ => member.ToString()!,
                }
            );
    }

    /// <summary>Leaves out what the compiler writes: accessors, and the plumbing of records.</summary>
    private static bool IsWritten(MemberInfo member) =>
        member switch
        {
            Type => false,
            MethodInfo { IsSpecialName: true } method => method.Name.StartsWith("op_", StringComparison.Ordinal)
                && !IsRecord(method.DeclaringType!),
            MethodInfo method => !method.Name.Contains('<', StringComparison.Ordinal)
                && !(
                    IsRecord(method.DeclaringType!)
                    && method.Name is "Equals" or "GetHashCode" or "ToString" or "Deconstruct" or "PrintMembers"
                ),
            _ => true,
        };

    private static bool IsRecord(Type type) => type.GetMethod("PrintMembers", BindingFlags.NonPublic | BindingFlags.Instance) is not null;

    private static string Kind(Type type) =>
        type switch
        {
            { IsEnum: true } => "enum",
            { IsInterface: true } => "interface",
            { IsValueType: true } => "struct",
            { IsAbstract: true, IsSealed: true } => "static class",
            { IsAbstract: true } => "abstract class",
            { IsSealed: true } => "sealed class",
            _ => "class",
        };

    private static string Static(MethodBase method) => method.IsStatic ? "static " : "";

    private static string Accessors(PropertyInfo property)
    {
        var isInit =
            property.SetMethod?.ReturnParameter.GetRequiredCustomModifiers().Any(modifier => modifier.Name == "IsExternalInit") ?? false;
        var setter = property.SetMethod is { IsPublic: true }
            ? isInit
                ? "init; "
                : "set; "
            : "";
        return (property.GetMethod is { IsPublic: true } ? "get; " : "") + setter;
    }

    private static string Generics(MethodInfo method) =>
        method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(argument => argument.Name))}>" : "";

    private static string Parameters(ParameterInfo[] parameters, string open, string close, bool always = false) =>
        parameters.Length == 0 && !always
            ? ""
            : open
                + string.Join(
                    ", ",
                    parameters.Select(parameter =>
                        $"{Name(parameter.ParameterType)} "
                        + $"{parameter.Name}{(parameter.HasDefaultValue ? " = " + (parameter.DefaultValue ?? "default") : "")}"
                    )
                )
                + close;

    private static string Name(Type type)
    {
        if (type.IsGenericParameter)
        {
            return type.Name;
        }

        if (type.IsByRef)
        {
            return $"ref {Name(type.GetElementType()!)}";
        }

        if (type.IsArray)
        {
            return $"{Name(type.GetElementType()!)}[]";
        }

        var name = type.Namespace?.StartsWith("WanSharp", StringComparison.Ordinal) == true ? type.FullName ?? type.Name : type.Name;
        name = name.Split('[')[0].Replace('+', '.');
        return type.IsGenericType ? $"{name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>" : name;
    }
}

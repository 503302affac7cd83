using System.Reflection;
using System.Text.RegularExpressions;

namespace WanSharp.Repository.Tests;

/// <summary>The analyzer passes over a name that it does not know, and an overload that is not listed is allowed.</summary>
public partial class BannedSymbolsTests
{
    private static readonly string[] Listed =
    [
        .. from file in new[] { "BannedSymbols.txt", "BannedSymbols.Libraries.txt" }
        from line in Checkout.Read(file).Split('\n', StringSplitOptions.RemoveEmptyEntries)
        select line.Split(';')[0],
    ];

    [Fact]
    public void EveryName_IsThatOfAMember()
    {
        var unknown = Listed.Where(name =>
            name[0] switch
            {
                'T' => TypeOf(name[2..]) is null,
                'M' => !Overloads(name).Contains(name),
                'P' => TypeOf(Owner(name))?.GetProperty(name.Split('.')[^1]) is null,
                _ => true,
            }
        );

        Assert.Empty(unknown);
    }

    [Fact]
    public void OfABannedMethod_EveryOverload_IsBanned()
    {
        var missing = Listed.Where(name => name[0] == 'M').SelectMany(Overloads).Except(Listed);

        Assert.Empty(missing);
    }

    [Fact]
    public void AnException_SaysWhy()
    {
        var silent =
            from file in Directory.EnumerateFiles(Path.Combine(Checkout.Root, "src"), "*.cs", SearchOption.AllDirectories)
            where !file.Split(Path.DirectorySeparatorChar).Any(part => part is "obj" or "bin")
            from line in File.ReadLines(file)
            where Unexplained().IsMatch(line)
            select $"{file}: {line.Trim()}";

        Assert.Empty(silent);
    }

    /// <summary>The documentation names of all methods that are called as one is.</summary>
    private static IEnumerable<string> Overloads(string name)
    {
        var owner = Owner(name);
        var method = name.Split('(')[0].Split('.')[^1];
        return TypeOf(owner) is not { } type ? []
            : method == "#ctor" ? type.GetConstructors().Select(one => NameOf(owner, method, one))
            : type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly)
                .Where(one => one.Name == method)
                .Select(one => NameOf(owner, method, one));
    }

    private static string NameOf(string owner, string method, MethodBase found) =>
        $"M:{owner}.{method}"
        + (
            found.GetParameters() is { Length: > 0 } parameters
                ? $"({string.Join(',', parameters.Select(parameter => Written(parameter.ParameterType)))})"
                : ""
        );

    private static string Written(Type type) =>
        type.IsArray ? $"{Written(type.GetElementType()!)}[]"
        : type.IsGenericType ? $"{type.FullName!.Split('`')[0]}{{{string.Join(',', type.GenericTypeArguments.Select(Written))}}}"
        : type.FullName!;

    private static string Owner(string name)
    {
        var member = name.Split('(')[0][2..];
        return member[..member.LastIndexOf('.')];
    }

    private static Type? TypeOf(string name) =>
        Type.GetType(name)
        ?? AppDomain.CurrentDomain.GetAssemblies().Select(assembly => assembly.GetType(name)).FirstOrDefault(type => type is not null);

    [GeneratedRegex(@"#pragma warning disable(?!.*// \w)")]
    private static partial Regex Unexplained();
}

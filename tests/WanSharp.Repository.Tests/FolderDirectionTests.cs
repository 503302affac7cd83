using System.Text.RegularExpressions;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace WanSharp.Repository.Tests;

public partial class FolderDirectionTests
{
    public static TheoryData<string> Projects => [.. Checkout.Projects];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Folders_FormNoCircle(string project)
    {
        var uses = Uses(project);
        var circles = uses.Keys.Where(part => Reaches(uses, part, part)).ToHashSet(StringComparer.Ordinal);

        Assert.True(
            !circles.Any(IsFolder),
            $"Folders of {project} depend on each other in a circle:\n"
                + string.Join(
                    '\n',
                    from part in circles.Order(StringComparer.Ordinal)
                    from use in uses[part]
                    where circles.Contains(use.Key) && (IsFolder(part) || IsFolder(use.Key))
                    select $"  {part} → {use.Key} by {use.Value}"
                )
        );

        static bool IsFolder(string part) => part.EndsWith('/');
    }

    /// <summary>For each part of a project, the others that its code uses, each with one place that does.</summary>
    /// <remarks>
    /// A part is a folder. A type outside the folders is a part by itself. Namespaces do not count: that of the project is shared by
    /// types of several folders.
    /// </remarks>
    private static Dictionary<string, Dictionary<string, string>> Uses(string project)
    {
        using var assembly = AssemblyDefinition.ReadAssembly(Checkout.AssemblyOf(project).Location);
        var uses = new Dictionary<string, Dictionary<string, string>>(StringComparer.Ordinal);
        var parts = PartsOf(project);
        foreach (var type in assembly.MainModule.GetTypes())
        {
            if (PartOf(type, parts) is not { } part)
            {
                continue;
            }

            var of = uses.TryGetValue(part, out var known) ? known : uses[part] = new(StringComparer.Ordinal);
            foreach (var used in Mentioned(type).Select(mentioned => mentioned.GetElementType()))
            {
                if (used.Scope == assembly.MainModule && PartOf(used, parts) is { } other && other != part)
                {
                    of.TryAdd(other, $"{Outermost(type).Name} ({Outermost(used).Name})");
                }
            }
        }

        return uses;
    }

    private static bool Reaches(Dictionary<string, Dictionary<string, string>> uses, string from, string to)
    {
        var seen = new HashSet<string>();
        var open = new Stack<string>(uses[from].Keys);
        while (open.TryPop(out var folder))
        {
            if (folder == to)
            {
                return true;
            }

            if (seen.Add(folder) && uses.TryGetValue(folder, out var next))
            {
                foreach (var one in next.Keys)
                {
                    open.Push(one);
                }
            }
        }

        return false;
    }

    private static IEnumerable<TypeReference> Mentioned(TypeDefinition type)
    {
        var signatures = type
            .Fields.Select(field => field.FieldType)
            .Concat(type.Interfaces.Select(one => one.InterfaceType))
            .Concat(
                type.Methods.SelectMany(method => method.Parameters.Select(parameter => parameter.ParameterType).Append(method.ReturnType))
            );
        var bodies = type
            .Methods.Where(method => method.HasBody)
            .SelectMany(method =>
                method.Body.Variables.Select(variable => variable.VariableType).Concat(method.Body.Instructions.SelectMany(Operand))
            );
        var all = signatures.Concat(bodies).ToList();
        if (type.BaseType is { } parent)
        {
            all.Add(parent);
        }

        return all.SelectMany(Parts);
    }

    private static IEnumerable<TypeReference> Operand(Instruction instruction) =>
        instruction.Operand switch
        {
            TypeReference type => [type],
            MethodReference method => [method.DeclaringType, .. (method as GenericInstanceMethod)?.GenericArguments ?? []],
            FieldReference field => [field.DeclaringType],
            _ => [],
        };

    /// <summary>A type and those that it is made of: elements of arrays, arguments of generics.</summary>
    private static IEnumerable<TypeReference> Parts(TypeReference type) =>
        type switch
        {
            GenericInstanceType generic => generic.GenericArguments.SelectMany(Parts).Prepend(generic.ElementType),
            FunctionPointerType => [],
            TypeSpecification special => Parts(special.ElementType),
            GenericParameter => [],
            _ => [type],
        };

    /// <summary>The part of a type; null for what the compiler or a generator adds.</summary>
    private static string? PartOf(TypeReference type, Dictionary<string, string> parts)
    {
        var outer = Outermost(type);
        return parts.GetValueOrDefault($"{outer.Namespace}.{outer.Name.Split('`')[0]}");
    }

    /// <summary>The part of each type that a project's files declare, by its full name: <c>Sessions/</c>, or the type's name.</summary>
    private static Dictionary<string, string> PartsOf(string project)
    {
        var root = Path.Combine(Checkout.Root, "src", project);
        var parts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories))
        {
            var folder = Path.GetDirectoryName(Path.GetRelativePath(root, file))!.Replace('\\', '/');
            if (folder.Split('/')[0] is "bin" or "obj")
            {
                continue;
            }

            var text = File.ReadAllText(file);
            foreach (var name in Types().Matches(text).Select(match => match.Groups["name"].Value))
            {
                parts[$"{Namespace().Match(text).Groups["name"].Value}.{name}"] = folder.Length > 0 ? folder + "/" : name;
            }
        }

        return parts;
    }

    private static TypeReference Outermost(TypeReference type) => type.DeclaringType is { } outer ? Outermost(outer) : type;

    [GeneratedRegex(@"^namespace (?<name>[\w.]+)", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    // declared at the margin: types within others belong to their outermost one
    [GeneratedRegex(
        @"^([a-z]+ )*(class|record struct|record|struct|interface|enum|delegate \S+) (?<name>\w+)",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture
    )]
    private static partial Regex Types();
}

using Mono.Cecil;
using Mono.Cecil.Cil;

namespace WanSharp.Repository.Tests;

public class FolderDirectionTests
{
    public static TheoryData<string> Projects => [.. Checkout.Projects];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Folders_FormNoCircle(string project)
    {
        var uses = Uses(project);
        var circles = uses.Keys.Where(part => Reaches(uses, part, part)).ToHashSet(StringComparer.Ordinal);

        Assert.True(
            !circles.Any(part => part.StartsWith(project + ".", StringComparison.Ordinal)),
            $"Folders of {project} depend on each other in a circle:\n"
                + string.Join(
                    '\n',
                    from part in circles.Order(StringComparer.Ordinal)
                    from use in uses[part]
                    where circles.Contains(use.Key) && (IsFolder(part) || IsFolder(use.Key))
                    select $"  {part} → {use.Key} by {use.Value}"
                )
        );

        bool IsFolder(string part) => part.StartsWith(project + ".", StringComparison.Ordinal);
    }

    /// <summary>For each part of a project, the others that its code uses, each with one place that does.</summary>
    /// <remarks>
    /// A part is a folder, for which its namespace stands. Types of the project's own namespace, which all folders share, are a part each.
    /// </remarks>
    private static Dictionary<string, Dictionary<string, string>> Uses(string project)
    {
        using var assembly = AssemblyDefinition.ReadAssembly(Checkout.AssemblyOf(project).Location);
        var uses = new Dictionary<string, Dictionary<string, string>>(StringComparer.Ordinal);
        foreach (var type in assembly.MainModule.GetTypes())
        {
            if (PartOf(type, project) is not { } part)
            {
                continue;
            }

            var of = uses.TryGetValue(part, out var known) ? known : uses[part] = new(StringComparer.Ordinal);
            foreach (var used in Mentioned(type).Select(mentioned => mentioned.GetElementType()))
            {
                if (used.Scope == assembly.MainModule && PartOf(used, project) is { } other && other != part)
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

    /// <summary>A folder's namespace, or the name of a type outside the folders; null for what the compiler adds.</summary>
    private static string? PartOf(TypeReference type, string project) =>
        Outermost(type) switch
        {
            { Namespace: { Length: > 0 } name } outer when name == project => outer.Name,
            { Namespace: var name } when name.StartsWith(project + ".", StringComparison.Ordinal) => name,
            _ => null,
        };

    private static TypeReference Outermost(TypeReference type) => type.DeclaringType is { } outer ? Outermost(outer) : type;
}

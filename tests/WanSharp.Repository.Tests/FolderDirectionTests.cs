using System.Reflection;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace WanSharp.Repository.Tests;

public class FolderDirectionTests
{
    /// <summary>
    /// Projects whose folders depend on each other in one direction only. A namespace below the project's stands for its folder.
    /// </summary>
    public static TheoryData<string> Projects =>
        [
            "WanSharp.Storage",
            "WanSharp.Media",
            "WanSharp.Models",
            "WanSharp.Engine",
            "WanSharp.Tools",
            "WanSharp.Hosting",
            "WanSharp.Graphs",
            "WanSharp.Tensors",
            "WanSharp.Runtime",
        ];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Folders_FormNoCircle(string project)
    {
        var uses = Uses(project);
        var circles = uses.Keys.Where(folder => folder != project && Reaches(uses, folder, folder)).Order(StringComparer.Ordinal).ToList();

        Assert.True(
            circles.Count == 0,
            $"Folders of {project} depend on each other in a circle:\n{string.Join('\n', circles.SelectMany(
            folder => uses[folder].Where(use => circles.Contains(use.Key)).Select(use => $"  {folder} → {use.Key} by {use.Value}")))}"
        );
    }

    /// <summary>For each folder, the others of the project that its code uses, each with one place that does.</summary>
    private static Dictionary<string, Dictionary<string, string>> Uses(string project)
    {
        using var assembly = AssemblyDefinition.ReadAssembly(Assembly.Load(project).Location);
        var uses = new Dictionary<string, Dictionary<string, string>>(StringComparer.Ordinal);
        foreach (var type in assembly.MainModule.GetTypes().Where(type => Folder(type) is not null))
        {
            var of = uses.TryGetValue(Folder(type)!, out var known) ? known : uses[Folder(type)!] = new(StringComparer.Ordinal);
            foreach (var used in Mentioned(type).Select(mentioned => mentioned.GetElementType()))
            {
                if (used.Scope == assembly.MainModule && Folder(used) is { } folder && folder != Folder(type) && folder != project)
                {
                    of.TryAdd(folder, $"{Outermost(type).Name} ({Outermost(used).Name})");
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

    private static string? Folder(TypeReference type) =>
        Outermost(type).Namespace is { Length: > 0 } name && name.StartsWith("WanSharp", StringComparison.Ordinal) ? name : null;

    private static TypeReference Outermost(TypeReference type) => type.DeclaringType is { } outer ? Outermost(outer) : type;
}

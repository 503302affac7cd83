using Mono.Cecil;

namespace WanSharp.Repository.Tests;

/// <summary>What nothing in the product uses, a test seam aside, is not kept.</summary>
public class DeadCodeTests
{
    /// <summary>What tests look at, or programs on the library call, and the product does not need to.</summary>
    private static readonly HashSet<string> Seams = new(StringComparer.Ordinal)
    {
        "WanSharp.Engine.Denoising.Denoiser.get_Reading(0)",
        "WanSharp.Engine.Memory.MemoryBudget.get_Waiting(0)",
        "WanSharp.Hosting.ServiceCollectionExtensions.AddWanSharp(3)",
        "WanSharp.Jobs.Comfy.SamplerNames.get_OfComfy(0)",
        "WanSharp.Jobs.Comfy.SamplerNames.get_OfWrapper(0)",
        "WanSharp.Runtime.Native.OrtApi.get_LiveInProcess(0)",
        "WanSharp.Runtime.Networks.MeasuredBlocks.get_Blocks(0)",
        "WanSharp.Runtime.Session.EndProfiling(0)",
        "WanSharp.Runtime.Session.Run(3)",
        "WanSharp.Tensors.AlignedMemory.get_Live(0)",
        "WanSharp.Tensors.Shape.get_Scalar(0)",
    };

    [Fact]
    public void EveryMember_HasACaller()
    {
        var assemblies = Checkout
            .Projects.Select(project => AssemblyDefinition.ReadAssembly(Checkout.AssemblyOf(project).Location))
            .Append(AssemblyDefinition.ReadAssembly(typeof(ReadmeExample).Assembly.Location))
            .ToList();
        try
        {
            var used = assemblies.SelectMany(assembly => Used(assembly)).ToHashSet(StringComparer.Ordinal);
            var unused =
                from assembly in assemblies.SkipLast(1)
                from type in assembly.MainModule.GetTypes()
                where IsWritten(type)
                from method in type.Methods
                where IsCalledByName(type, method)
                let name = NameOf(method)
                where !used.Contains(name) && !Seams.Contains(name)
                orderby name
                select name;

            Assert.True(!unused.Any(), $"Nothing calls:\n{string.Join('\n', unused)}");
        }
        finally
        {
            assemblies.ForEach(assembly => assembly.Dispose());
        }
    }

    private static IEnumerable<string> Used(AssemblyDefinition assembly) =>
        from type in assembly.MainModule.GetTypes()
        where IsOfTheProduct(type)
        from method in type.Methods
        where method.HasBody
        from instruction in method.Body.Instructions
        let called = instruction.Operand as MethodReference
        where called is not null
        let name = NameOf(called)
        where name != NameOf(method) // what only calls itself has no caller
        select name;

    /// <summary>Whether a type counts as a caller: of tests only the README's example of a program does.</summary>
    private static bool IsOfTheProduct(TypeDefinition type) =>
        type.Module.Name != typeof(DeadCodeTests).Module.Name || Outermost(type).Name == nameof(ReadmeExample);

    private static TypeDefinition Outermost(TypeDefinition type) => type.DeclaringType is { } outer ? Outermost(outer) : type;

    private static string NameOf(MethodReference method) =>
        $"{method.DeclaringType.GetElementType().FullName}.{method.Name}({method.Parameters.Count})";

    /// <summary>Whether a type is written by hand.</summary>
    private static bool IsWritten(TypeDefinition type) =>
        !type.FullName.Contains('<')
        && type.Namespace != "WanSharp.Graphs.Onnx"
        && !type.CustomAttributes.Any(attribute =>
            attribute.AttributeType.Name is "CompilerGeneratedAttribute" or "GeneratedCodeAttribute" or "JsonSerializableAttribute"
        )
        && (type.DeclaringType is null || IsWritten(type.DeclaringType));

    /// <summary>Whether a method is there to be called by its name: the runtime, a base or the compiler calls the others.</summary>
    private static bool IsCalledByName(TypeDefinition type, MethodDefinition method) =>
        (!method.IsVirtual || type.IsInterface)
        && !(method.Name == "Parse" && type.Interfaces.Any(one => one.InterfaceType.Name == "IParsable`1"))
        && !method.IsConstructor
        && !method.IsPInvokeImpl
        && !method.IsCompilerControlled
        && method != type.Module.EntryPoint
        && !method.Name.Contains('<')
        && !method.Name.StartsWith("op_", StringComparison.Ordinal)
        && (IsReadByHand(type, method) || !method.CustomAttributes.Any(IsMarkOfGenerators));

    /// <summary>
    /// Whether a method is the getter of a property that somebody wrote without a body. Those of records are left out: the compiler
    /// compares and prints them, and JSON has them.
    /// </summary>
    private static bool IsReadByHand(TypeDefinition type, MethodDefinition method) =>
        method.IsGetter
        && type.Properties.Single(property => property.GetMethod == method) is { } property
        && !property.CustomAttributes.Any(IsMarkOfGenerators)
        && !type.Methods.Any(one => one.Name == "<Clone>$");

    private static bool IsMarkOfGenerators(CustomAttribute attribute) =>
        attribute.AttributeType.Name is "CompilerGeneratedAttribute" or "GeneratedCodeAttribute";
}

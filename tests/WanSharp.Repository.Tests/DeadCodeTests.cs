using Mono.Cecil;

namespace WanSharp.Repository.Tests;

/// <summary>What nothing in the product uses, a test seam aside, is not kept.</summary>
public class DeadCodeTests
{
    /// <summary>What tests look at and the product does not need to.</summary>
    private static readonly HashSet<string> Seams = new(StringComparer.Ordinal)
    {
        "WanSharp.Engine.Memory.MemoryBudget.get_Waiting(0)",
        "WanSharp.Runtime.Native.OrtApi.get_LiveInProcess(0)",
        "WanSharp.Runtime.Networks.MeasuredBlocks.get_Blocks(0)",
        "WanSharp.Runtime.Session.EndProfiling(0)",
        "WanSharp.Tensors.AlignedMemory.get_Live(0)",
    };

    [Fact]
    public void EveryMember_HasACaller()
    {
        var assemblies = Checkout
            .Projects.Select(project => AssemblyDefinition.ReadAssembly(Checkout.AssemblyOf(project).Location))
            .ToList();
        try
        {
            var used = assemblies.SelectMany(Used).ToHashSet(StringComparer.Ordinal);
            var unused =
                from assembly in assemblies
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
        from method in type.Methods
        where method.HasBody
        from instruction in method.Body.Instructions
        let called = instruction.Operand as MethodReference
        where called is not null
        let name = NameOf(called)
        where name != NameOf(method) // what only calls itself has no caller
        select name;

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
        !(IsVisible(type) && (method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly))
        && (!method.IsVirtual || type.IsInterface)
        && !method.IsConstructor
        && !method.IsPInvokeImpl
        && !method.IsCompilerControlled
        && method != type.Module.EntryPoint
        && !method.Name.Contains('<')
        && !method.Name.StartsWith("op_", StringComparison.Ordinal)
        && !method.CustomAttributes.Any(attribute =>
            attribute.AttributeType.Name is "CompilerGeneratedAttribute" or "GeneratedCodeAttribute"
        );

    private static bool IsVisible(TypeDefinition type) =>
        type.DeclaringType is { } outer ? type.IsNestedPublic && IsVisible(outer) : type.IsPublic;
}

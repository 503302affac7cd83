using Mono.Cecil;
using WanSharp.Graphs;
using WanSharp.Graphs.Networks;

namespace WanSharp.Repository.Tests;

/// <summary>Which graphs make a network is said in one place, so that running, planning, measuring and exporting agree.</summary>
public class NetworkDescriptionTests
{
    public static TheoryData<string> Projects =>
        [.. Checkout.Projects.Where(project => project != typeof(WanTransformer).Assembly.GetName().Name)];

    [Theory]
    [MemberData(nameof(Projects))]
    public void GraphsOfTheTransformer_ComeFromItsDescription(string project)
    {
        using var assembly = AssemblyDefinition.ReadAssembly(Checkout.AssemblyOf(project).Location);
        var calls =
            from type in assembly.MainModule.GetTypes()
            from method in type.Methods
            where method.HasBody
            from instruction in method.Body.Instructions
            let called = instruction.Operand as MethodReference
            where called?.DeclaringType.FullName == typeof(WanTransformer).FullName
            where called.ReturnType.FullName == typeof(OnnxGraph).FullName
            select $"{type.FullName}.{method.Name} writes {called.Name} itself: take it from {nameof(TransformerGraphs)}";

        Assert.Empty(calls);
    }
}

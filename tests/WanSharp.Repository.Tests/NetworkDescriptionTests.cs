using Mono.Cecil;
using WanSharp.Graphs;
using WanSharp.Graphs.Networks;

namespace WanSharp.Repository.Tests;

/// <summary>Which graphs make a network is said in one place, so that running, planning, measuring and exporting agree.</summary>
public class NetworkDescriptionTests
{
    /// <summary>What describes the graphs of each class that writes some.</summary>
    private static readonly Dictionary<string, Type> Descriptions = new(StringComparer.Ordinal)
    {
        [typeof(WanTransformer).FullName!] = typeof(TransformerGraphs),
        [typeof(Umt5Encoder).FullName!] = typeof(TextEncoderGraphs),
        [typeof(VisionEncoder).FullName!] = typeof(VisionEncoderGraphs),
        [typeof(WanVae).FullName!] = typeof(VaeGraphs),
    };

    public static TheoryData<string> Projects => [.. Checkout.Projects];

    [Fact]
    public void ANetworkOfSeveralGraphs_HasADescription()
    {
        var writers =
            from type in typeof(WanTransformer).Assembly.GetExportedTypes()
            where type.GetMethods().Count(method => method.IsStatic && method.ReturnType == typeof(OnnxGraph)) > 1
            select type.FullName;

        Assert.Equal(Descriptions.Keys.Order(StringComparer.Ordinal), writers.Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void GraphsOfANetwork_ComeFromItsDescription(string project)
    {
        using var assembly = AssemblyDefinition.ReadAssembly(Checkout.AssemblyOf(project).Location);
        var calls =
            from type in assembly.MainModule.GetTypes()
            from method in type.Methods
            where method.HasBody
            from instruction in method.Body.Instructions
            let called = instruction.Operand as MethodReference
            where called?.ReturnType.FullName == typeof(OnnxGraph).FullName
            let writer = called.DeclaringType.FullName
            where Descriptions.ContainsKey(writer) && !IsPartOf(type, writer) && !IsPartOf(type, Descriptions[writer].FullName!)
            select $"{type.FullName}.{method.Name} writes {called.Name} itself: take it from {Descriptions[writer].Name}";

        Assert.Empty(calls);
    }

    /// <summary>Whether a type is another, or lies within it, as what the compiler makes of lambdas does.</summary>
    private static bool IsPartOf(TypeDefinition? type, string name) =>
        type is not null && (type.FullName == name || IsPartOf(type.DeclaringType, name));
}

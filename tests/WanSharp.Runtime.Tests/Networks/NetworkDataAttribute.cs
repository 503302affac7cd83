using System.Reflection;
using WanSharp.Graphs;
using Xunit.Sdk;
using Xunit.v3;

namespace WanSharp.Runtime.Tests.Networks;

/// <summary>Every fixture with either lowering, as parts with weights as inputs and whole with weights in a file.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NetworkDataAttribute(params string[] fixtures) : DataAttribute
{
    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker)
    {
        var rows =
            from fixture in fixtures
            from lowering in Enum.GetValues<Lowering>()
            from storage in Enum.GetValues<WeightStorage>()
            select new TheoryDataRow<string, Lowering, WeightStorage>(fixture, lowering, storage);
        return new([.. rows]);
    }

    public override bool SupportsDiscoveryEnumeration() => true;
}

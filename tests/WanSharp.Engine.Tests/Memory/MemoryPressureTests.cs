using WanSharp.Engine.Memory;
using WanSharp.Runtime.Memory;

namespace WanSharp.Engine.Tests.Memory;

public sealed class MemoryPressureTests
{
    private readonly MemoryPressure _pressure = new();
    private readonly List<string> _given = [];

    public MemoryPressureTests()
    {
        Add(ShedStage.Residency, "residency", 40);
        Add(ShedStage.Caches, "features", 10);
        Add(ShedStage.Caches, "kept", 20);
    }

    [Theory]
    [InlineData(30, ShedStage.Caches, "features kept")]
    [InlineData(31, ShedStage.Residency, "features kept residency")]
    [InlineData(70, ShedStage.Residency, "features kept residency")]
    [InlineData(71, ShedStage.BatchSize, "features kept residency")]
    public void Relieve_OfWhatIsLacking_GoesAsFarAsItMust(long lacking, ShedStage expected, string given)
    {
        var shortage = new MemoryLimitException(requested: lacking + 5, inUse: 95, limit: 100);

        Assert.Equal(expected, _pressure.Relieve(shortage));

        Assert.Equal(given, string.Join(' ', _given));
        Assert.Equal(1, Assert.Single(_pressure.Counts, count => count.Key == expected).Value);
    }

    [Fact]
    public void Relieve_WhereTheSystemRefused_GivesTheWholeRequest() =>
        Assert.Equal(ShedStage.Residency, _pressure.Relieve(new MemoryLimitException(requested: 31, inUse: 0, limit: long.MaxValue)));

    private void Add(ShedStage stage, string name, long bytes) =>
        _pressure.Add(
            stage,
            () =>
            {
                _given.Add(name);
                return bytes;
            }
        );
}

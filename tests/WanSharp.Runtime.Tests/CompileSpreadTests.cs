using WanSharp.Runtime.Providers;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Tests;

public sealed class CompileSpreadTests
{
    private static readonly CompileDevice Card = new(Speed: 1, Bytes: 8L << 30, [DType.F32, DType.F16]);

    [Fact]
    public void Assign_ToOneDevice_GivesItEverything() =>
        Assert.Equal([0, 0, 0], CompileSpread.Assign([Task(1), Task(2), Task(3)], [Card]));

    [Fact]
    public void Assign_ToEqualDevices_BalancesTheWork() =>
        Assert.Equal([0, 1, 1, 0], CompileSpread.Assign([Task(5), Task(4), Task(3), Task(2)], [Card, Card]));

    [Fact]
    public void Assign_ToAFasterDevice_GivesItMore()
    {
        var devices = CompileSpread.Assign([.. Enumerable.Repeat(Task(1), 12)], [Card with { Speed = 3 }, Card]);

        Assert.Equal((9, 3), (devices.Count(device => device == 0), devices.Count(device => device == 1)));
    }

    [Fact]
    public void Assign_OfWhatADeviceCannotTake_LeavesItToTheOthers()
    {
        var old = Card with { Speed = 10, Bytes = 4L << 30, Computes = [DType.F32] };

        Assert.Equal(
            [0, 1, 1, null],
            CompileSpread.Assign(
                [Task(1), Task(1) with { Compute = DType.F16 }, Task(1) with { Bytes = 6L << 30 }, Task(1) with { Bytes = 9L << 30 }],
                [old, Card]
            )
        );
    }

    [Fact]
    public void Assign_Always_EndsWithinAThirdOfTheBestSpreadOverEqualDevices()
    {
        var random = new Random(1);
        for (var round = 0; round < 40; round++)
        {
            double[] work = [.. Enumerable.Range(0, random.Next(1, 8)).Select(_ => random.NextDouble())];
            var devices = random.Next(1, 4);
            var assigned = CompileSpread.Assign([.. work.Select(Task)], [.. Enumerable.Repeat(Card, devices)]);

            Assert.InRange(End(work, [.. assigned.Select(device => device!.Value)], devices), 0, Best(work, devices) * 4 / 3 * (1 + 1e-9));
        }

        static double Best(double[] work, int devices) => Spreads(work.Length, devices).Min(spread => End(work, spread, devices));

        static double End(double[] work, int[] spread, int devices) =>
            Enumerable.Range(0, devices).Max(device => work.Where((_, task) => spread[task] == device).Sum());

        static IEnumerable<int[]> Spreads(int tasks, int devices) =>
            Enumerable
                .Range(0, (int)Math.Pow(devices, tasks))
                .Select(number => Enumerable.Range(0, tasks).Select(task => number / (int)Math.Pow(devices, task) % devices).ToArray());
    }

    [Fact]
    public void Assign_ToADeviceWithoutSpeed_Refuses() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => CompileSpread.Assign([Task(1)], [Card with { Speed = 0 }]));

    private static CompileTask Task(double work) => new("graph", work, Bytes: 1L << 30, DType.F32);
}

using WanSharp.Engine.Memory;
using WanSharp.Runtime.Memory;

namespace WanSharp.Engine.Tests.Memory;

public sealed class MemoryAllowanceTests
{
    private static readonly HostMemoryFacts Host = new(Total: 1000, Free: 400, Limit: 600) { Own = 100 };

    [Theory]
    [InlineData(300L, 800L, 300, "--memory")]
    [InlineData(800L, 300L, 300, "--host-memory")]
    [InlineData(800L, 900L, 500, "free now")] // what is free, and what this process holds already
    [InlineData(null, null, 500, "free now")]
    public void Of_OnTheHost_IsTheSmallestLimit(long? memory, long? hostMemory, long expected, string why) =>
        Assert.Equal(new MemoryAllowance(expected, why), MemoryAllowance.Of(memory, hostMemory, isOnHost: true, Host));

    [Fact]
    public void Of_OnTheHost_KnowsTheControlGroup() =>
        Assert.Equal(
            new MemoryAllowance(200, "the control group's limit"),
            MemoryAllowance.Of(300, null, isOnHost: true, Host with { Limit = 200 })
        );

    [Fact]
    public void Of_OnADevice_LeavesTheHostOutOfAccount()
    {
        Assert.Equal(new MemoryAllowance(900, "--memory"), MemoryAllowance.Of(900, 300, isOnHost: false, Host));
        Assert.Equal(MemoryAllowance.Unlimited, MemoryAllowance.Of(null, 300, isOnHost: false, Host));
        Assert.Equal(new MemoryAllowance(700, "free on the device"), MemoryAllowance.Of(900, 300, isOnHost: false, Host, device: 700));
        Assert.Equal(new MemoryAllowance(300, "--host-memory"), MemoryAllowance.OfHost(300, Host));
    }

    [Theory]
    [InlineData(1000, 750, 1000)] // less than the threshold
    [InlineData(1000, 690, 690)] // down at once
    [InlineData(1000, 1400, 1000)] // more, but not by the threshold and a margin
    [InlineData(1000, 1500, 1350)] // up, with a margin
    [InlineData(1350, 1500, 1350)] // which then holds
    [InlineData(1350, 1000, 1350)] // also when the memory is what it was before except the threshold
    public void Next_WhereMemoryChanges_MovesOnlyBeyondTheThreshold(long basis, long now, long expected) =>
        Assert.Equal(expected, MemoryBasis.Next(basis, now));
}

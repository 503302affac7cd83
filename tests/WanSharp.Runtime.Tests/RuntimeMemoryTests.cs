using WanSharp.Runtime.Memory;
using WanSharp.Runtime.Tests.Networks;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Runtime.Tests;

[CollectionDefinition(nameof(RuntimeMemoryTests), DisableParallelization = true)] // the memory is one a process
public sealed class RuntimeMemoryAlone;

[NoLiveObjects]
[Collection(nameof(RuntimeMemoryTests))]
public sealed class RuntimeMemoryTests(RuntimeFixture fixture, VaeRunnerTests.CompiledVae compiled)
    : IClassFixture<VaeRunnerTests.CompiledVae>,
        IDisposable
{
    private const int RefusalsTried = 25;

    private readonly RuntimeMemory _memory = fixture.Runtime.Memory;
    private readonly Tensor _latents = Tensor.Zeros(DType.F32, [1, 16, 2, 2, 2]);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        (_memory.Refuses, _memory.Limit) = (null, long.MaxValue);
        _latents.Dispose();
    }

    [Fact]
    public void Run_WithAnAllocationRefusedAnywhere_EndsWithoutALeakAndRunsAgain()
    {
        var requests = 0;
        _memory.Refuses = _ =>
        {
            requests++;
            return false;
        };
        var undisturbed = Decode();
        var inUse = _memory.InUse;
        Assert.True(requests > RefusalsTried, $"A decode asked for memory {requests} times.");
        for (var refused = 0; refused < requests; refused += requests / RefusalsTried)
        {
            var request = 0;
            _memory.Refuses = _ => request++ == refused;

            var error = Record.Exception(() => Decode());

            Assert.True(error is null or MemoryLimitException, error?.ToString()); // null: the last node of a run asked
            Assert.Equal(inUse, _memory.InUse);
        }

        _memory.Refuses = null;
        Assert.Equal(undisturbed, Decode());
    }

    [Fact]
    public void Run_BeyondTheLimit_TellsTheNumbers()
    {
        _memory.Limit = _memory.InUse + 1000;

        var error = Assert.Throws<MemoryLimitException>(() => Decode());

        Assert.Equal(_memory.Limit, error.Limit);
        Assert.True(error.InUse + error.Requested > error.Limit);
        Assert.Contains("or allow more memory", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Trim_AfterARun_GivesBackWhatWasKept()
    {
        Decode();
        Assert.True(_memory.Kept > 0);

        Assert.True(_memory.Trim() > 0);

        Assert.Equal(0, _memory.Kept);
    }

    [Fact]
    public void Kept_WhateverRan_StaysNearTheLargestUse()
    {
        _memory.Trim();
        Decode();
        using var larger = Tensor.Zeros(DType.F32, [1, 16, 2, 4, 3]);

        Decode(larger);

        Assert.InRange(_memory.InUse + _memory.Kept, 1, _memory.Peak * 9 / 8);
    }

    [Fact]
    public void Kept_WhenTheLimitFalls_GoesBackAtOnce()
    {
        Decode();
        Assert.True(_memory.Kept > 0);

        _memory.Limit = _memory.InUse + (_memory.Kept / 2);

        Assert.InRange(_memory.InUse + _memory.Kept, _memory.InUse, _memory.Limit);
    }

    [Fact]
    public void Kept_AfterARunBeyondTheLimit_StaysWithinIt()
    {
        var most = 0L;
        _memory.Refuses = bytes =>
        {
            most = Math.Max(most, _memory.InUse + bytes);
            return false;
        };
        Decode();
        _memory.Limit = most - 1;

        Assert.Throws<MemoryLimitException>(() => Decode());

        Assert.InRange(_memory.InUse + _memory.Kept, _memory.InUse, _memory.Limit);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(63)]
    [InlineData(1 << 20)]
    public unsafe void Alloc_OfMoreThanThereCanBe_GivesNothingAndThrowsNothing(int less)
    {
        var inUse = _memory.InUse;
        var alloc = (delegate* unmanaged<nint, nuint, nint>)((nint*)_memory.Pointer)[1]; // behind the version

        Assert.Equal(0, alloc(_memory.Pointer, nuint.MaxValue - (nuint)less));

        Assert.Equal(inUse, _memory.InUse);
    }

    [Fact]
    public unsafe void Alloc_WhereWhatCountsItFails_ThrowsNothing()
    {
        _memory.Refuses = _ => throw new InvalidOperationException("a listener that fails");
        var alloc = (delegate* unmanaged<nint, nuint, nint>)((nint*)_memory.Pointer)[1];

        Assert.Equal(0, alloc(_memory.Pointer, 1000));
    }

    private float[] Decode(Tensor? latents = null)
    {
        var values = new List<float>();
        foreach (var piece in compiled.Vae.Decode(latents ?? _latents, Cancellation))
        {
            values.AddRange(piece.Read<float>());
            piece.Dispose();
        }

        return [.. values];
    }
}

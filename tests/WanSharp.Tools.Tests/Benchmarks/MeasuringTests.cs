using WanSharp.Tools.Benchmarks;

namespace WanSharp.Tools.Tests.Benchmarks;

public class MeasuringTests
{
    [Theory]
    [InlineData(new[] { 3.0, 1.0, 2.0 }, 2.0)]
    [InlineData(new[] { 4.0, 1.0, 2.0, 3.0 }, 2.5)]
    [InlineData(new[] { 5.0 }, 5.0)]
    public void Timing_OfTimes_IsTheirMedianAndLeast(double[] seconds, double median) =>
        Assert.Equal(new Timing(median, seconds.Min(), seconds.Length), Timing.Of(seconds));

    [Theory]
    [InlineData("RssAnon", 12_345L * 1024)]
    [InlineData("RssFile", null)] // not in kB
    [InlineData("VmSwap", null)] // not there
    public void MemorySampler_Parse_ReadsKilobytes(string entry, long? bytes) =>
        Assert.Equal(bytes, MemorySampler.Parse(["Name:\twan", "RssAnon:\t   12345 kB", "RssFile:\t 1 MB"], entry));

    [Fact]
    public async Task MemorySampler_WhileMemoryIsHeld_SeesIt()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux tells private memory apart.");
        const int Length = 64 << 20;
        var sampler = MemorySampler.Start();
        await using (sampler)
        {
            using var held = WanSharp.Tensors.Tensor.Zeros(WanSharp.Tensors.DType.U8, [Length]); // zeroed, so it is resident
            while (sampler.PeakPrivateBytes is not >= Length) // by its own clock, however busy the machine is
            {
                await Task.Delay(1, TestContext.Current.CancellationToken);
            }

            GC.KeepAlive(held);
        }

        Assert.InRange(sampler.PeakPrivateBytes!.Value, Length, long.MaxValue);
        Assert.InRange(sampler.PeakMappedBytes!.Value, 1, long.MaxValue);
    }
}

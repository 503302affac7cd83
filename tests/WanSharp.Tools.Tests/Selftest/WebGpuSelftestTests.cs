using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;
using WanSharp.Testing;
using WanSharp.Tools.Selftest;

namespace WanSharp.Tools.Tests.Selftest;

/// <summary>
/// Whole networks on a WebGPU device; the VAE and the pipelines take minutes on a software one and are left to <c>wan
/// selftest</c>.
/// </summary>
[Collection("native objects")]
public sealed class WebGpuSelftestTests(WebGpuSelftestTests.Device device) : IClassFixture<WebGpuSelftestTests.Device>
{
    [Theory]
    [InlineData("dit-t2v")]
    [InlineData("umt5")]
    public async Task RunAsync_OnWebGpu_IsWithinTheLimitForDevices(string name)
    {
        var runtime = device.Runtime;

        var results = new List<FixtureResult>();
        await foreach (
            var result in FixtureRunner.RunAsync(
                Path.Combine(AppContext.BaseDirectory, "fixtures", name),
                runtime,
                new SessionSettings { Provider = "webgpu" },
                TestContext.Current.CancellationToken
            )
        )
        {
            results.Add(result);
        }

        var only = Assert.Single(results);
        Assert.True(only.Passed, $"{only.Problem} {only.Worst}");
        Assert.Contains(only.Comparisons, comparison => comparison.Limit == FixtureLimits.Device);
    }

    /// <summary>Software devices have no F16; where a device has it, the fixture passes within what rounding explains.</summary>
    [Fact]
    public async Task RunAsync_OnWebGpuInF16_IsWithinTheLimit_OrTheDeviceIsNotGivenF16()
    {
        var runtime = device.Runtime;
        var settings = new SessionSettings { Provider = "webgpu" };

        var choice = PrecisionSelection.Choose(runtime, settings);

        if (choice.Precision == Precision.Full)
        {
            Assert.Contains("fp16 was tried on the device, and a small block failed in it", choice.Why, StringComparison.Ordinal);
            var error = Assert.Throws<InvalidRequestException>(() => PrecisionSelection.Require(runtime, settings, Precision.Half));
            Assert.EndsWith("Choose fp32.", error.Message, StringComparison.Ordinal);
            return;
        }

        AssertPassed(await RunAsync(runtime, settings with { Compute = DType.F16 }, new TransformerOptions()));
    }

    [Fact]
    public async Task RunAsync_OnWebGpuWithAttentionInParts_IsWithinTheLimitForDevices()
    {
        const long FewScores = 2000;
        var runtime = device.Runtime;

        AssertPassed(
            await RunAsync(runtime, new SessionSettings { Provider = "webgpu" }, new TransformerOptions { ScoreBytes = FewScores })
        );
    }

    private static void AssertPassed(IReadOnlyList<Comparison> comparisons)
    {
        Assert.NotEmpty(comparisons);
        Assert.All(comparisons, comparison => Assert.True(comparison.Passed, $"{comparison}"));
    }

    private static async Task<IReadOnlyList<Comparison>> RunAsync(
        OrtRuntime runtime,
        SessionSettings settings,
        TransformerOptions transformer
    )
    {
        using var graphs = new GraphCache(runtime);
        using var fixture = WanSharp.Tools.Selftest.Fixture.Open(Path.Combine(AppContext.BaseDirectory, "fixtures", "dit-t2v"));
        return await new TransformerCheck().RunAsync(
            fixture,
            new SelftestContext(runtime, graphs, settings, transformer),
            TestContext.Current.CancellationToken
        );
    }

    [Fact]
    public void For_CpuAndDevices_WidensOnlyWhatADeviceComputes()
    {
        var (cpu, device) = (FixtureLimits.For(new SessionSettings()), FixtureLimits.For(new SessionSettings { Provider = "cuda" }));

        Assert.Equal(3e-5, cpu.Transformer);
        Assert.All(
            [device.Transformer, device.TextEncoder, device.Vae, device.VisionEncoder, device.Pipeline],
            limit => Assert.Equal(1e-3, limit)
        );
    }

    /// <summary>One runtime for all tests of the class: a shader that one test needed is there for the next.</summary>
    public sealed class Device : IDisposable
    {
        private readonly LiveObjects _live = new();
        private readonly Lazy<OrtRuntime> _runtime = new(() =>
            OrtRuntime.Create(new RuntimeOptions { LibraryPath = NodePackages.WebGpuLibrary })
        );

        /// <summary>The runtime; skips the test where there is no device for it.</summary>
        public OrtRuntime Runtime
        {
            get
            {
                Assert.SkipWhen(
                    Environment.GetEnvironmentVariable("VK_ICD_FILENAMES") is null,
                    "no Vulkan device: VK_ICD_FILENAMES is not set."
                );
                return _runtime.Value;
            }
        }

        public void Dispose()
        {
            if (_runtime.IsValueCreated)
            {
                _runtime.Value.Dispose();
            }

            _live.AssertNoneIsLeft();
        }
    }
}

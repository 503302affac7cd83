using WanSharp.Engine.Memory;
using WanSharp.Engine.Scheduling;
using WanSharp.Engine.Strategies;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Tests.Strategies;

public sealed class StrategyChooserTests
{
    private const long GB = 1_000_000_000;
    private const long MB = 1_000_000;

    /// <summary>The 14B shape with fp8 weights, at 480p and 81 frames: sizes rounded.</summary>
    private static StrategyFacts Large { get; } =
        new()
        {
            Blocks = 40,
            StoredBlock = 350 * MB,
            ComputedBlock = 1400 * MB,
            Widens = true,
            OtherWeights = 400 * MB,
            TextEncoder = 5700 * MB,
            TextActivations = 100 * MB,
            Vae = 1000 * MB,
            DenoiseActivations = tokens => (1000 * MB) + ((tokens ?? 32_760) * 200_000L),
            DecodeActivations = tiled => tiled ? 1500 * MB : 9000 * MB,
            Tokens = 32_760,
            IsOnHost = true,
        };

    [Theory]
    [InlineData(64, "40 blocks, all resident")]
    [InlineData(26, "40 blocks, all resident, text encoder unloaded after use")]
    [InlineData(20, "22 of 40 blocks resident, the others streamed, text encoder unloaded after use")]
    [InlineData(12, "3 of 40 blocks resident, the others streamed, widened one at a time, text encoder unloaded after use")]
    [InlineData(
        8,
        "5 of 40 blocks resident, the others streamed, widened one at a time, 8192 tokens at once, "
            + "VAE in tiles, text encoder unloaded after use"
    )]
    public void Choose_AtTheFamiliarTiers_SavesWhatCostsLeast(int gigabytes, string expected)
    {
        var strategy = StrategyChooser.Choose(Large, gigabytes * GB);

        Assert.Equal(expected, strategy.ToString());
        Assert.InRange(strategy.Bytes, 1, gigabytes * GB);
        Assert.NotEmpty(strategy.Reasons);
    }

    [Fact]
    public void Choose_ForWhatRunsInBlocksAlone_IsBlocksWhateverIsAskedFor()
    {
        var facts = Large with { IsPacked = true, RunsInBlocks = true };

        var strategy = StrategyChooser.Choose(facts, 1000 * GB, CompileMode.Whole, staticShapes: true);

        Assert.Equal((CompileMode.Blocks, false), (strategy.Compile, strategy.StaticShapes));
        Assert.Contains("blocks alone", strategy.Reasons[0], StringComparison.Ordinal);
    }

    /// <summary>A fifth of VACE's blocks are twice as large as the others.</summary>
    [Fact]
    public void Choose_OfBlocksOfSeveralSizes_HasRoomForTheLargest()
    {
        var facts = Large with { LargestStoredBlock = 600 * MB, LargestComputedBlock = 2400 * MB };

        Assert.Equal(4800 * MB, StrategyParts.WidenedBytes(facts, widensAhead: true));
        Assert.Equal(2000 * MB, StrategyChooser.Choose(facts, 64 * GB).PrivateBytes - StrategyChooser.Choose(Large, 64 * GB).PrivateBytes);
        var streamed = StrategyChooser.Choose(facts, 20 * GB);
        Assert.Equal(600 * MB, streamed.Parts.Single(part => part.Name == "blocks that come in").Bytes);
        Assert.Equal(
            streamed.ResidentBlocks * 350 * MB,
            streamed.Parts.Single(part => part.Name.EndsWith("resident blocks", StringComparison.Ordinal)).Bytes
        );
    }

    /// <summary>The 1.3B shape with F16 weights, at 480p and 81 frames: sizes rounded.</summary>
    private static StrategyFacts Small { get; } =
        new()
        {
            Blocks = 30,
            StoredBlock = 93 * MB,
            ComputedBlock = 186 * MB,
            Widens = false,
            OtherWeights = 100 * MB,
            TextEncoder = 11_400 * MB,
            StreamedTextEncoder = 1_600 * MB,
            TextActivations = 100 * MB,
            Vae = 1000 * MB,
            DenoiseActivations = tokens => (400 * MB) + ((tokens ?? 32_760) * 60_000L),
            DecodeActivations = tiled => tiled ? 1500 * MB : 9000 * MB,
            Tokens = 32_760,
            IsOnHost = true,
        };

    [Theory]
    [InlineData(24, "30 blocks, all resident")]
    [InlineData(14, "30 blocks, all resident, text encoder unloaded after use")]
    [InlineData(11, "30 blocks, all resident, text encoder streamed and unloaded after use")]
    [InlineData(7, "30 blocks, all resident, VAE in tiles, text encoder streamed and unloaded after use")]
    [InlineData(4, "1 of 30 blocks resident, the others streamed, VAE in tiles, text encoder streamed and unloaded after use")]
    [InlineData(
        3,
        "7 of 30 blocks resident, the others streamed, 8192 tokens at once, VAE in tiles, text encoder streamed and unloaded after use"
    )]
    public void Choose_ForASmallModelAtTheFamiliarTiers_StreamsTheTextEncoderFirst(int gigabytes, string expected)
    {
        var strategy = StrategyChooser.Choose(Small, gigabytes * GB);

        Assert.Equal(expected, strategy.ToString());
        Assert.InRange(strategy.Parts.Sum(part => part.Bytes), strategy.Bytes, gigabytes * GB);
    }

    [Fact]
    public void Choose_WithFixedShapes_HasThemUnlessTokensComeInParts()
    {
        Assert.True(StrategyChooser.Choose(Small, 30 * GB, staticShapes: true).StaticShapes);
        Assert.False(StrategyChooser.Choose(Small, 30 * GB).StaticShapes);
        var parts = StrategyChooser.Choose(Small, 3 * GB, staticShapes: true);
        Assert.False(parts.StaticShapes);
        Assert.StartsWith("fixed shapes: not for", parts.Reasons[^1], StringComparison.Ordinal);
    }

    /// <summary>With images, whose encoders are the VAE's and CLIP's.</summary>
    private static StrategyFacts WithImages { get; } =
        Small with
        {
            ImageEncoders = 1800 * MB,
            ImageActivations = tiled => tiled ? 1200 * MB : 8000 * MB,
        };

    [Theory]
    [InlineData(true, 1200)]
    [InlineData(false, 8000)]
    public void ClipBytes_WithImages_CountsTheirEncoding(bool isTiled, int megabytes)
    {
        var strategy = StrategyChooser.Choose(WithImages, 64 * GB) with { IsTiled = isTiled };

        var bytes = ClipBytes.Of(WithImages with { TextActivations = 10 }, strategy);

        Assert.Equal(megabytes * MB, bytes.Encode);
        Assert.InRange(bytes.Most, bytes.Encode, long.MaxValue);
    }

    [Fact]
    public void Choose_WithImages_TilesWhereEncodingWholeFramesDoesNotFit()
    {
        var facts = WithImages with { DecodeActivations = _ => GB };

        var strategy = StrategyChooser.Choose(facts, 10 * GB);

        Assert.True(strategy.IsTiled);
        Assert.Contains(
            strategy.Reasons,
            reason => reason.StartsWith("VAE: encoding images in whole frames takes 8.00 GB, in tiles 1.20 GB", StringComparison.Ordinal)
        );
        Assert.False(StrategyChooser.Choose(facts, 12 * GB).IsTiled);
    }

    [Fact]
    public void Choose_WithImages_CountsEveryStage()
    {
        for (var budget = 5 * GB; budget < 40 * GB; budget += 500 * MB)
        {
            var strategy = StrategyChooser.Choose(WithImages, budget);
            var encoders = strategy.KeepsTextEncoder ? Small.TextEncoder : 0;

            Assert.InRange(
                StrategyParts.Base + Small.Vae + WithImages.ImageEncoders + encoders + WithImages.ImageActivations(strategy.IsTiled),
                1,
                strategy.Bytes
            );
            Assert.InRange(strategy.Bytes, 1, budget);
            Assert.Equal(strategy.Bytes, StrategyChooser.BytesOf(WithImages, strategy));
        }
    }

    [Fact]
    public void Choose_WhereTilesWereGiven_NeverTakesOthers() =>
        Assert.False(
            StrategyChooser
                .Choose(Small with { MayTile = false, DecodeActivations = _ => GB, DenoiseActivations = _ => 2 * GB }, 4 * GB)
                .IsTiled
        );

    [Fact]
    public void Choose_WithFixedShapes_CountsThePlanOfTheirMemory()
    {
        var roomy = StrategyChooser.Choose(Small with { DecodeActivations = _ => GB }, 24 * GB, staticShapes: true);
        Assert.True(roomy.StaticShapes);
        Assert.Equal(roomy.Bytes, StrategyChooser.BytesOf(Small with { DecodeActivations = _ => GB }, roomy));

        var tight = StrategyChooser.Choose(Small with { TextEncoder = GB, DecodeActivations = _ => GB }, 7 * GB, staticShapes: true);
        Assert.False(tight.StaticShapes);
        Assert.StartsWith("fixed shapes: not here", tight.Reasons[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void BytesOf_AWayThatWasChosenForTheClip_IsWhatTheChoiceSaid()
    {
        for (var budget = 4 * GB; budget < 30 * GB; budget += 500 * MB)
        {
            var strategy = StrategyChooser.Choose(Small, budget);

            Assert.Equal(strategy.Bytes, StrategyChooser.BytesOf(Small, strategy));
        }
    }

    [Fact]
    public void Choose_WithLessThanTheLeast_IsRefusedWithTheNumbers()
    {
        var error = Assert.Throws<InvalidRequestException>(() => StrategyChooser.Choose(Large, 4 * GB));

        Assert.Matches("needs at least [0-9.]+ GB .* 4.00 GB may be used", error.Message);
    }

    [Fact]
    public void Choose_WithMoreMemory_NeverKeepsLess()
    {
        var before = -1;
        for (var budget = 7 * GB; budget < 40 * GB; budget += 250 * MB)
        {
            var strategy = StrategyChooser.Choose(Large with { DecodeActivations = _ => GB, DenoiseActivations = _ => GB }, budget);

            Assert.InRange(strategy.Bytes, 1, budget);
            Assert.InRange(strategy.ResidentBlocks, before, strategy.Blocks);
            before = strategy.ResidentBlocks;
        }

        Assert.Equal(Large.Blocks, before);
    }

    [Fact]
    public void Choose_WithRoomForThePackedNetwork_TakesItWhereItIsThereOrAskedFor()
    {
        const long Plenty = 200 * GB;

        Assert.Equal(CompileMode.Blocks, StrategyChooser.Choose(Large, Plenty).Compile);
        Assert.Equal(CompileMode.Whole, StrategyChooser.Choose(Large with { IsPacked = true }, Plenty).Compile);
        Assert.Equal(CompileMode.Whole, StrategyChooser.Choose(Large, Plenty, CompileMode.Whole).Compile);
        Assert.Equal(CompileMode.Blocks, StrategyChooser.Choose(Large with { IsPacked = true }, Plenty, CompileMode.Blocks).Compile);
        Assert.Equal(CompileMode.Off, StrategyChooser.Choose(Large with { IsPacked = true }, Plenty, CompileMode.Off).Compile);
        var small = StrategyChooser.Choose(Large, 26 * GB, CompileMode.Whole);
        Assert.Equal(CompileMode.Blocks, small.Compile);
        Assert.Contains(small.Reasons, reason => reason.StartsWith("blocks: the whole network, packed, needs", StringComparison.Ordinal));
    }

    [Fact]
    public void RequireHost_BesideADevice_RefusesWhatHoldsNoBlock()
    {
        var onDevice = Large with { IsOnHost = false };
        StrategyChooser.RequireHost(onDevice, new MemoryAllowance(2 * GB, "--host-memory"));
        StrategyChooser.RequireHost(Large, new MemoryAllowance(1 * GB, "--host-memory")); // the same memory: the budget itself

        var error = Assert.Throws<InvalidRequestException>(() =>
            StrategyChooser.RequireHost(onDevice, new MemoryAllowance(1 * GB, "--host-memory"))
        );
        Assert.Contains("1.00 GB may be used (--host-memory)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Choose_OnADevice_NeverTakesFewerTokensAtOnce() =>
        Assert.Throws<InvalidRequestException>(() => StrategyChooser.Choose(Large with { IsOnHost = false }, 8 * GB));
}

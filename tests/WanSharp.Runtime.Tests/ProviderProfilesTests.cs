using WanSharp.Runtime.Providers;

namespace WanSharp.Runtime.Tests;

public sealed class ProviderProfilesTests
{
    public static TheoryData<string> Names => [.. ProviderProfiles.All.Select(row => row.ShortName)];

    [Fact]
    public void NoName_StandsForTwoProviders()
    {
        var names = ProviderProfiles.All.SelectMany(row => row.Aliases.Append(row.ShortName)).ToList();

        Assert.Equal(names.Count, names.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.Single(ProviderProfiles.All, row => row.IsHost);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Of_AnyNameOfAProvider_IsItsRow(string name)
    {
        var row = ProviderProfiles.Of(name);

        Assert.Equal(name, row.ShortName);
        Assert.All(
            row.Aliases.Append(name).Append($"{name}ExecutionProvider").Append(name.ToUpperInvariant()),
            other => Assert.Same(row, ProviderProfiles.Of(other))
        );
        Assert.Equal(row.IsHost, new SessionSettings { Provider = $"{name}ExecutionProvider" }.IsOnHost);
        Assert.True(row.Fallback is null || ProviderProfiles.Of(row.Fallback).Fallback is null);
        Assert.True(row.FolderOptions.Count > 0 || row.KeepOptions.Count == 0);
    }

    [Theory]
    [InlineData("CUDAExecutionProvider", "cuda")]
    [InlineData("CPUExecutionProvider", "cpu")]
    [InlineData("TensorRT", "tensorrt")]
    [InlineData("DirectML", "dml")]
    [InlineData("SomethingNew", "somethingnew")]
    public void Normalize_LibraryNames_GivesShortOnes(string name, string expected) =>
        Assert.Equal(expected, ProviderProfiles.Normalize(name));

    [Theory]
    [InlineData("cuda", false, false)]
    [InlineData("TensorrtExecutionProvider", true, false)]
    [InlineData("webgpu", false, true)]
    [InlineData("dml", false, true)]
    [InlineData("cpu", false, false)]
    public void Rows_SayWhatSessionsNeed(string name, bool buildsForShapes, bool takesTurns)
    {
        Assert.Equal(buildsForShapes, ProviderProfiles.Of(name).BuildsForShapes);
        Assert.Equal(takesTurns, ProviderMemory.TurnOf(name) is not null);
    }

    [Fact]
    public void OffersIntegers_OnTheProcessor_AgreesWithWhatTheSystemSays()
    {
        var flags = File.Exists("/proc/cpuinfo")
            ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("flags", StringComparison.Ordinal))
            : null;
        Assert.SkipWhen(flags is null, "This system does not list the processor's features.");

        string[] wanted = ["avx512_vnni", "avx_vnni", "amx_int8"];
        Assert.Equal(wanted.Any(flags!.Split(' ').Contains), ProviderProfiles.Cpu.OffersIntegers);
    }
}

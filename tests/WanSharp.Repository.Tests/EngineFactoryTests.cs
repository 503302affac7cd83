namespace WanSharp.Repository.Tests;

/// <summary>
/// One place opens engines and predicts costs for programs: what makes a generator or a cost model of its own forgets presets, decoder
/// folders or memory limits.
/// </summary>
public sealed class EngineFactoryTests
{
    private const string Factory = "EngineHost.cs";
    private const string Options = "EngineHost.OptionsOf";

    private static readonly string[] Constructors = ["new VideoGenerator(", "new CostModel("];

    /// <summary>They compare bare networks: no clip of theirs has a preset, a decoder's name or a limit.</summary>
    private static readonly string[] OfBareNetworks = ["FailuresRow.cs", "PrecisionLoss.cs"];

    [Fact]
    public void AGeneratorOrACostModel_IsMadeByTheFactory_OrWithItsOptions() =>
        Assert.Empty(
            Directory
                .EnumerateFiles(Path.Combine(Checkout.Root, "src"), "*.cs", SearchOption.AllDirectories)
                .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "WanSharp.Engine" or "bin" or "obj"))
                .Where(file => Path.GetFileName(file) is var name && name != Factory && !OfBareNetworks.Contains(name))
                .Where(file =>
                    File.ReadAllText(file) is var text
                    && Constructors.Any(constructor => text.Contains(constructor, StringComparison.Ordinal))
                    && !text.Contains(Options, StringComparison.Ordinal)
                )
                .Select(file => Path.GetRelativePath(Checkout.Root, file))
        );
}

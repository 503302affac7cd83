using WanSharp.Testing;

[assembly: AssemblyFixture(typeof(WanSharp.Cli.Tests.QuickModel))]

namespace WanSharp.Cli.Tests;

/// <summary>
/// A model of a few thousand weights in the place of the default one, for tests that look at the program and not at pictures: it is opened
/// and compiled sooner.
/// </summary>
public sealed class QuickModel : IDisposable
{
    private static readonly TemporaryFolder Folder = new();

    public QuickModel() => TinyModel.Write(Path);

    /// <summary>The model's folder, for <c>--model</c>.</summary>
    public static string Path => Folder["shapes"];

    /// <summary>The folder with the model, for <c>WAN_MODELS</c>: the default model is looked for there first.</summary>
    public static string Models => Folder.Path;

    public void Dispose() => Folder.Dispose();
}

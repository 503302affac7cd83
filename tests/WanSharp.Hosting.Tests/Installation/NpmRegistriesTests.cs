using WanSharp.Hosting.Installation;
using WanSharp.Testing;

namespace WanSharp.Hosting.Tests.Installation;

public sealed class NpmRegistriesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string User => _folder["npmrc"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_NothingConfigured_NamesNone() => Assert.Null(NpmRegistries.Read("onnxruntime-node", _ => null, User));

    [Fact]
    public void Read_TheUsersFile_AndTheEnvironmentBeforeIt()
    {
        File.WriteAllText(
            User,
            """
            # registry=https://comment.example/
            ; registry=https://comment.example/
              registry = "https://user.example/npm"
            @ffmpeg-installer:registry=https://scoped.example/
            //user.example/npm/:_authToken=secret=
            """
        );

        Assert.Equal("https://user.example/npm", NpmRegistries.Read("onnxruntime-node", _ => null, User));
        Assert.Equal("https://scoped.example/", NpmRegistries.Read("@ffmpeg-installer/linux-x64", _ => null, User));
        Assert.Equal("https://user.example/npm", NpmRegistries.Read("@other/linux-x64", _ => null, User));
        Assert.Equal("https://environment.example/", NpmRegistries.Read("onnxruntime-node", Variable("npm_config_registry"), User));
        Assert.Equal("https://environment.example/", NpmRegistries.Read("onnxruntime-node", Variable("NPM_CONFIG_REGISTRY"), User));
    }

    private static Func<string, string?> Variable(string known) => name => name == known ? "https://environment.example/" : null;
}

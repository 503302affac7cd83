using System.Runtime.InteropServices;
using WanSharp.Runtime.Native;

namespace WanSharp.Runtime.Tests;

public sealed partial class OrtTelemetryTests(RuntimeFixture fixture)
{
    /// <summary>What the library asks with, not .NET's copy.</summary>
    [Fact]
    public void NativeEnvironment_OnceALibraryIsLoaded_SaysThatTelemetryIsOff()
    {
        Assert.NotNull(fixture.Runtime.LibraryPath);

        Assert.All(
            OrtTelemetry.Variables,
            name =>
                Assert.Equal(
                    "1",
                    OperatingSystem.IsWindows() ? Environment.GetEnvironmentVariable(name) : Marshal.PtrToStringUTF8(GetVariable(name))
                )
        );
    }

    /// <summary>The table's slot is the right one: the switch next to it would turn it on.</summary>
    [Fact]
    public void Environment_OnceMade_TakesTheLibrarysOwnSwitch()
    {
        using var environment = fixture.Runtime.Environment.Hold();

        OrtTelemetry.Disable(fixture.Runtime.Api, environment.Pointer);
    }

    [LibraryImport("libc", EntryPoint = "getenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint GetVariable(string name);
}

using WanSharp.Testing;

namespace WanSharp.Hosting.Tests;

public sealed class DeviceIdentityTests : IDisposable
{
    private readonly TemporaryFolder _root = new();

    public void Dispose() => _root.Dispose();

    [Fact]
    public void Of_AnotherCardOrDriver_IsAnother()
    {
        var bare = Of();
        Directory.CreateDirectory(_root["sys/class/drm/renderD128/device"]);
        File.WriteAllText(_root["sys/class/drm/renderD128/device/vendor"], "0x10de\n");
        File.WriteAllText(_root["sys/class/drm/renderD128/device/device"], "0x2684\n");
        var card = Of();
        Directory.CreateDirectory(_root["proc/driver/nvidia"]);
        File.WriteAllText(_root["proc/driver/nvidia/version"], "NVRM version: 580.65.06\n");
        var driver = Of();

        Assert.Equal(4, new[] { bare, card, driver, DeviceIdentity.Of(_ => "0", _root.Path) }.Distinct().Count());
        Assert.Contains("0x10de 0x2684", card, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_WhatCannotBeRead_IsWithoutIt()
    {
        var bare = Of();
        Directory.CreateDirectory(_root["sys/class"]);
        File.WriteAllText(_root["sys/class/drm"], ""); // no folder: listing fails as it does where listing is denied

        Assert.Equal(bare, Of());
    }

    private string Of() => DeviceIdentity.Of(_ => null, _root.Path);
}

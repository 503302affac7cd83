using System.Globalization;
using System.Runtime.InteropServices;

namespace WanSharp.Runtime.Providers;

/// <summary>What NVIDIA's driver says about a device. Source of the numbers: cuda.h, <c>CUdevice_attribute</c>.</summary>
internal static unsafe class CudaDevice
{
    private const int Major = 75;
    private const int Minor = 76;

    /// <summary>The compute capability of the device that a provider's options name; null where no driver tells it.</summary>
    public static Version? ComputeCapability(IReadOnlyDictionary<string, string> options)
    {
        var number = options.TryGetValue("device_id", out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : 0;
        if (!NativeLibrary.TryLoad(OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1", out var driver))
        {
            return null;
        }

        try
        {
            int device;
            int major;
            int minor;
            return
                Find(driver, "cuInit") is var init and not 0
                && Find(driver, "cuDeviceGet") is var get and not 0
                && Find(driver, "cuDeviceGetAttribute") is var attribute and not 0
                && ((delegate* unmanaged<uint, int>)init)(0) == 0
                && ((delegate* unmanaged<int*, int, int>)get)(&device, number) == 0
                && ((delegate* unmanaged<int*, int, int, int>)attribute)(&major, Major, device) == 0
                && ((delegate* unmanaged<int*, int, int, int>)attribute)(&minor, Minor, device) == 0
                ? new Version(major, minor)
                : null;
        }
        finally
        {
            NativeLibrary.Free(driver);
        }
    }

    private static nint Find(nint driver, string name) => NativeLibrary.TryGetExport(driver, name, out var function) ? function : 0;
}

using System.Runtime.InteropServices;

namespace WanSharp.Runtime.Providers;

/// <summary>Asks NVIDIA's driver for its devices. Where there is no driver, or it fails, there are none.</summary>
/// <remarks>
/// The numbers are those of CUDA, so that <c>device_id</c> means the same device as to ONNX Runtime, whatever CUDA_VISIBLE_DEVICES says.
/// Source: cuda.h of CUDA 12 and 13; functions with a version in their names are those that the header maps the plain names to.
/// </remarks>
public static unsafe class CudaDriver
{
    private const int Success = 0;
    private const int MajorCapability = 75;
    private const int MinorCapability = 76;
    private const int LongestName = 256;

    private static string Library => OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1";

    /// <summary>
    /// The device that a provider computes on; null for a provider of other devices, and without such a device.
    /// </summary>
    /// <param name="provider">Any of the provider's names.</param>
    /// <param name="options">The provider's options, which may name the device.</param>
    public static CudaDevice? Find(string provider, IReadOnlyDictionary<string, string> options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var ordinal = options.TryGetValue("device_id", out var id) && int.TryParse(id, out var number) ? number : 0;
        return ProviderProfiles.Of(provider).Needs == ProviderNeeds.Cuda ? Read(ordinal) : null;
    }

    /// <summary>A device.</summary>
    /// <param name="ordinal">Its number, from 0.</param>
    /// <param name="driver">The driver's library. Default: the system's.</param>
    internal static CudaDevice? Read(int ordinal, string? driver = null)
    {
        driver ??= Library;
        if (ordinal < 0 || !NativeLibrary.TryLoad(driver, out var library))
        {
            return null;
        }

        try
        {
            return new Functions(library).Read(ordinal);
        }
        catch (EntryPointNotFoundException)
        {
            return null; // older than CUDA 11
        }
        finally
        {
            NativeLibrary.Free(library);
        }
    }

    /// <summary>The driver's functions.</summary>
    private readonly struct Functions(nint library)
    {
        public CudaDevice? Read(int ordinal)
        {
            int device;
            int count;
            int version;
            nuint total;
            if (
                ((delegate* unmanaged<uint, int>)Function("cuInit"))(0) != Success
                || ((delegate* unmanaged<int*, int>)Function("cuDeviceGetCount"))(&count) != Success
                || ordinal >= count
                || ((delegate* unmanaged<int*, int, int>)Function("cuDeviceGet"))(&device, ordinal) != Success
                || ((delegate* unmanaged<int*, int>)Function("cuDriverGetVersion"))(&version) != Success
                || ((delegate* unmanaged<nuint*, int, int>)Function("cuDeviceTotalMem_v2"))(&total, device) != Success
            )
            {
                return null;
            }

            // 13000 is version 13.0
            return new CudaDevice(
                NameOf(device),
                new Version(Attribute(device, MajorCapability), Attribute(device, MinorCapability)),
                new Version(version / 1000, version % 1000 / 10),
                (long)total,
                Free(device)
            );
        }

        private string NameOf(int device)
        {
            var name = stackalloc byte[LongestName];
            var status = ((delegate* unmanaged<byte*, int, int, int>)Function("cuDeviceGetName"))(name, LongestName, device);
            return status == Success ? Marshal.PtrToStringUTF8((nint)name) ?? "" : "";
        }

        private int Attribute(int device, int attribute)
        {
            int value;
            var status = ((delegate* unmanaged<int*, int, int, int>)Function("cuDeviceGetAttribute"))(&value, attribute, device);
            return status == Success ? value : 0;
        }

        /// <summary>What is free is told of a context: the one that all of this process's libraries share.</summary>
        private long? Free(int device)
        {
            nint context;
            if (((delegate* unmanaged<nint*, int, int>)Function("cuDevicePrimaryCtxRetain"))(&context, device) != Success)
            {
                return null;
            }

            try
            {
                nuint free;
                nuint total;
                if (((delegate* unmanaged<nint, int>)Function("cuCtxPushCurrent_v2"))(context) != Success)
                {
                    return null;
                }

                var status = ((delegate* unmanaged<nuint*, nuint*, int>)Function("cuMemGetInfo_v2"))(&free, &total);
                nint before;
                _ = ((delegate* unmanaged<nint*, int>)Function("cuCtxPopCurrent_v2"))(&before);
                return status == Success ? (long)free : null;
            }
            finally
            {
                _ = ((delegate* unmanaged<int, int>)Function("cuDevicePrimaryCtxRelease_v2"))(device);
            }
        }

        private nint Function(string name) => NativeLibrary.GetExport(library, name);
    }
}

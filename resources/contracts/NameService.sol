// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.37;

/// The parts of an ENS registry and of a resolver that names are read with, in one contract. For local test chains.
contract NameService {
    error OffchainLookup(address sender, string[] urls, bytes callData, bytes4 callback, bytes extraData);

    mapping(bytes32 node => address) public resolver;
    mapping(bytes32 node => address) public addr;
    mapping(bytes32 node => string) public name;
    /// 0 plain, 1 answers for every name below its own (ENSIP-10), 2 sends the asker elsewhere (EIP-3668).
    uint256 public mode;
    address public wildcard;

    function setAddress(bytes32 node, address to) external {
        resolver[node] = address(this);
        addr[node] = to;
    }

    function setName(bytes32 node, string calldata text) external {
        resolver[node] = address(this);
        name[node] = text;
    }

    function setMode(uint256 next, address to) external {
        mode = next;
        wildcard = to;
    }

    function supportsInterface(bytes4 id) external view returns (bool) {
        return id == 0x01ffc9a7 || (id == 0x9061b923 && mode > 0);
    }

    function resolve(bytes calldata, bytes calldata data) external view returns (bytes memory) {
        if (mode == 2) revert OffchainLookup(address(this), new string[](0), data, bytes4(0), "");
        bytes32 node = abi.decode(data[4:], (bytes32));
        return abi.encode(addr[node] == address(0) ? wildcard : addr[node]);
    }
}

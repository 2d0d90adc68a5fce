// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.37;

/// A token that does something else than it says, as its mode bids. For tests on local chains only.
contract OddCoin {
    string public constant name = "Odd Coin";
    string public constant symbol = "ODD";
    uint8 public constant decimals = 6;

    /// 0 honest, 1 takes a hundredth on the way, 2 approves a stranger, 3 pays a stranger, 4 answers false,
    /// 5 writes a transfer of nothing that nobody asked for.
    uint256 public mode;
    address public constant stranger = 0x000000000000000000000000000000000BaD0BAD;
    mapping(address owner => uint256) public balanceOf;
    mapping(address owner => mapping(address spender => uint256)) public allowance;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    function setMode(uint256 next) external {
        mode = next;
    }

    function mint(address to, uint256 value) external {
        balanceOf[to] += value;
        emit Transfer(address(0), to, value);
    }

    function transfer(address to, uint256 value) external returns (bool) {
        if (mode == 4) return false;
        if (mode == 2) {
            allowance[msg.sender][stranger] = type(uint256).max;
            emit Approval(msg.sender, stranger, type(uint256).max);
        }
        if (mode == 5) emit Transfer(msg.sender, stranger, 0);
        uint256 part = mode == 1 ? value / 100 : 0;
        if (part > 0) move(msg.sender, stranger, part);
        move(msg.sender, mode == 3 ? stranger : to, value - part);
        return true;
    }

    function move(address from, address to, uint256 value) private {
        require(balanceOf[from] >= value, "ODD: too little");
        balanceOf[from] -= value;
        balanceOf[to] += value;
        emit Transfer(from, to, value);
    }

    /// Pays the coin on, as a contract: no transaction field shows it.
    function forward(address payable to) external payable {
        (bool sent, ) = to.call{value: msg.value}("");
        require(sent, "ODD: not forwarded");
    }
}
